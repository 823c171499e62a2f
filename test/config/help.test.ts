import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { configTable } from '../../src/config/schema/config-table.ts'
import { jsonSchema } from '../../src/config/schema/json-schema.ts'

const ROOT = join(import.meta.dirname, '..', '..')

t.test('the table lists each key, with its default and variable', async t => {
  const rows = configTable().split('\n')
  t.equal(rows.length, 2 + 15 + 5 + 58)
  t.ok(
    rows.includes(
      '| `tenants.<name>.secretKey` |  | `PRISMACLOUD_PROXY_TENANTS_<NAME>_SECRET_KEY` | Secret key. Safer in a file of its own: secretKeyFile. |',
    ),
  )
  t.match(
    rows.at(-1),
    '| `log.requests` | `errors` | `PRISMACLOUD_PROXY_LOG_REQUESTS` | Which requests are logged. One of `all`,',
  )
})

t.test('the schema describes what a file may contain', async t => {
  t.match(jsonSchema(), {
    type: 'object',
    additionalProperties: false,
    properties: {
      tenants: {
        patternProperties: {
          '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$': { properties: { lazy: { type: 'boolean', default: false } } },
        },
      },
      log: {
        properties: {
          level: { enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], default: 'info' },
        },
      },
    },
  })
  t.notMatch(JSON.stringify(jsonSchema()), /"kind"|~/)
  t.strictSame(JSON.parse(await readFile(join(ROOT, 'config', 'schema.json'), 'utf8')), jsonSchema())
})
