import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run } from '../support/process.ts'
import { startStack } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const [COLLECTION, ENVIRONMENT] = ['collection', 'environment'].map(kind =>
  join(ROOT, `config/postman/prismacloud-proxy.postman_${kind}.json`),
) as [string, string]

interface Item {
  readonly name: string
  readonly request?: { readonly description?: string; readonly auth?: { readonly type: string } }
  readonly event?: readonly { readonly listen: string }[]
  readonly item?: readonly Item[]
}

const requests = ({ item = [] }: Pick<Item, 'item'>): Item[] =>
  item.flatMap(each => (each.item ? requests(each) : each))

t.test('every request of the Postman collection holds what it promises, as newman runs it', async t => {
  const { proxy } = await startStack(t, 600)
  const args = ['run', COLLECTION, '-e', ENVIRONMENT, '--env-var', `baseUrl=${proxy}`, '--color', 'off']
  const { stdout } = await run(join(ROOT, 'node_modules/.bin/newman'), args)
  const assertions = /│\s+assertions │\s+(\d+) │\s+(\d+) │/.exec(stdout)
  t.ok(Number(assertions?.[1]) >= requests(JSON.parse(readFileSync(COLLECTION, 'utf8'))).length, stdout)
})

t.test('each request says what it shows, and none logs in', async t => {
  for (const { name, request, event = [] } of requests(JSON.parse(readFileSync(COLLECTION, 'utf8')))) {
    t.match(request?.description, /\w.{20}/, name)
    t.equal(request?.auth?.type, 'noauth', name)
    t.strictSame([...new Set(event.map(({ listen }) => listen))], ['test'], name)
  }
})
