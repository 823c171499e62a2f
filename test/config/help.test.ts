import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { configTable, renderHelp } from '../../src/config/schema/help.ts'
import { jsonSchema } from '../../src/config/schema/json-schema.ts'

const ROOT = join(import.meta.dirname, '..', '..')

t.test('the help lists each flag, with its default, within 100 columns', async t => {
  const help = renderHelp()
  t.ok(help.split('\n').every(line => line.length <= 100 && line === line.trimEnd()))
  t.match(help, /^ {2}--config FILE +YAML file with the configuration\.\n {2}--url TEXT +Stack name/)
  const flowing = help.replace(/\s+/g, ' ')
  t.match(
    flowing,
    ' --session-wait-timeout DURATION How long a request waits for a session before it is refused. [15s] ',
  )
  t.match(flowing, /--log-format WORD [^-]*One of auto, pretty, json\. \[auto\] /)
  t.notMatch(help, /--secret-key |--access-key-id |--fleet-redis-password |\[\]/)
  const columns = help
    .split('\n\n')[0]
    ?.split('\n')
    .map(line => /^ {2}\S+ \S+ +|^ +/.exec(line)?.[0].length)
  t.equal(new Set(columns).size, 1)
})

t.test('flags that a command does not take are left out', async t => {
  const help = renderHelp(new Set(['listen.address']))
  t.notMatch(help, '--listen-address ')
  t.match(help, '--listen-tls-address ')
})

t.test('the table lists each key, with its default and variable', async t => {
  const rows = configTable().split('\n')
  t.equal(rows.length, 2 + 15 + 5 + 56)
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
