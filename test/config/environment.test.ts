import t from 'tap'
import { readEnvironment } from '../../src/config/sources/environment.ts'

const settings = [
  { name: 'PRISMACLOUD_PROXY_CONFIG', group: null, key: 'config' },
  { name: 'PRISMACLOUD_PROXY_ERRORS', group: null, key: 'errors' },
  { name: 'PRISMACLOUD_PROXY_DEFAULT_TENANT', group: null, key: 'defaultTenant' },
  { name: 'PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE', group: null, key: 'listen.clientTokenFile' },
  { name: 'PRISMACLOUD_PROXY_TENANTS_PROD_URL', group: 'tenants.prod', key: 'url' },
  { name: 'PRISMACLOUD_PROXY_TENANTS_TEAM_A_ACCESS_KEY_ID', group: 'tenants.team-a', key: 'accessKeyId' },
  { name: 'PRISMACLOUD_PROXY_TENANTS_TEAM_A_ACCESS_KEY_ID_FILE', group: 'tenants.team-a', key: 'accessKeyIdFile' },
]

t.test('a variable with our prefix sets a key', async t => {
  for (const { name, group, key } of settings)
    t.strictSame(readEnvironment({ [name]: 'x' }), {
      settings: [{ group, key, value: 'x', source: 'environment', origin: name }],
      faults: [],
    })
})

t.test('empty variables, other variables, and those of Kubernetes for a Service of our name are ignored', async t => {
  const env = {
    PRISMACLOUD_PROXY_ERRORS: '',
    PRISMACLOUD_PROXY_LOG_LEVEL: undefined,
    PRISMACLOUD_PROXYING: 'x',
    HOME: '/root',
    PRISMACLOUD_PROXY_SERVICE_HOST: '10.0.0.1',
    PRISMACLOUD_PROXY_SERVICE_PORT: '80',
    PRISMACLOUD_PROXY_SERVICE_PORT_HTTP: '80',
    PRISMACLOUD_PROXY_PORT: 'tcp://10.0.0.1:80',
    PRISMACLOUD_PROXY_PORT_80_TCP: 'tcp://10.0.0.1:80',
    PRISMACLOUD_PROXY_PORT_80_TCP_ADDR: '10.0.0.1',
  }
  t.strictSame(readEnvironment(env), { settings: [], faults: [] })
})

const faults = [
  {
    name: 'PRISMACLOUD_PROXY_LISTEN_ADRESS',
    problem: 'unknown variable',
    cure: 'did you mean PRISMACLOUD_PROXY_LISTEN_ADDRESS?',
  },
  {
    name: 'PRISMACLOUD_PROXY_TENANTS_TEAM_A_SECRT_KEY',
    problem: 'unknown variable',
    cure: 'did you mean PRISMACLOUD_PROXY_TENANTS_TEAM_A_SECRET_KEY?',
  },
  { name: 'PRISMACLOUD_PROXY_ENTIRELY_UNLIKE', problem: 'unknown variable', cure: 'see --help' },
  {
    name: 'PRISMACLOUD_PROXY_TENANTS__URL',
    problem: 'invalid name between PRISMACLOUD_PROXY_TENANTS_ and _URL',
    cure: /lower-case/,
  },
  { name: 'PRISMACLOUD_PROXY_TENANTS_URL', problem: 'unknown variable', cure: 'see --help' },
]

t.test('an invalid variable is a fault, which repeats no value', async t => {
  for (const { name, problem, cure } of faults) {
    const source = readEnvironment({ [name]: 'hunter22' })
    t.match(source, { settings: [], faults: [{ key: name, origin: name, problem, cure }] })
    t.notMatch(JSON.stringify(source), 'hunter22')
  }
})

t.test('the URL that exec sets for its command is ignored; any other value of that variable is a fault', async t => {
  t.strictSame(readEnvironment({ PRISMACLOUD_PROXY_URL: 'http://127.0.0.1:34567' }), { settings: [], faults: [] })
  for (const value of ['app2', 'https://api2.prismacloud.io', 'http://127.0.0.1:9080/x', ''])
    t.match(readEnvironment({ PRISMACLOUD_PROXY_URL: value }).faults, [
      { key: 'PRISMACLOUD_PROXY_URL', problem: 'unknown variable' },
    ])
})
