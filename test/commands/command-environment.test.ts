import t from 'tap'
import { commandEnvironment, withheldVariables } from '../../src/commands/exec/command-environment.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'

const PLACES = {
  listening: { address: 'http://127.0.0.1:9080', secure: 'https://localhost:9443' },
  token: 'the-token',
  bundle: '/trust.pem',
  isSecret: (text: string) => text.includes('marked'),
}
const environment = (env: Record<string, string>, url = 'app2') =>
  commandEnvironment(env, { ...PLACES, api: resolveApi(url) })

t.test("the vendor's clients, and others, are led to the proxy and know what to trust", async t => {
  const proxy = 'http://prismacloud-proxy:the-token@127.0.0.1:9080'
  t.strictSame(environment({}), {
    PRISMACLOUD_PROXY_URL: 'http://127.0.0.1:9080',
    PC_URL: 'api2.prismacloud.io',
    PC_IDENTITY: 'prismacloud-proxy',
    PC_SECRET: 'the-token',
    PC_VERIFY: '/trust.pem',
    PC_SAAS_API_ENDPOINT: 'https://api2.prismacloud.io',
    PC_ACCESS_KEY: 'prismacloud-proxy',
    PC_SECRET_KEY: 'the-token',
    PRISMACLOUD_URL: '127.0.0.1',
    PRISMACLOUD_PROTOCOL: 'http',
    PRISMACLOUD_PORT: '9080',
    PRISMACLOUD_USERNAME: 'prismacloud-proxy',
    PRISMACLOUD_PASSWORD: 'the-token',
    PRISMACLOUDCOMPUTE_CONSOLE_URL: 'http://127.0.0.1:9080/_compute',
    PRISMACLOUDCOMPUTE_USERNAME: 'prismacloud-proxy',
    PRISMACLOUDCOMPUTE_PASSWORD: 'the-token',
    PRISMA_API_URL: 'https://api2.prismacloud.io',
    BC_CA_BUNDLE: '/trust.pem',
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
    REQUESTS_CA_BUNDLE: '/trust.pem',
    CURL_CA_BUNDLE: '/trust.pem',
    SSL_CERT_FILE: '/trust.pem',
    NODE_EXTRA_CA_CERTS: '/trust.pem',
  })
  t.match(
    environment({}, 'https://gateway.example/x'),
    { PC_URL: 'localhost:9443', PRISMA_API_URL: 'https://localhost:9443' },
    'a base of the user’s own',
  )
  t.match(environment({}, 'app9'), { PC_URL: 'localhost:9443' }, 'a stack that the CA does not know')
})

t.test('checkov, which asks the platform where it has a key, has ours in its place', async t => {
  t.equal(environment({ BC_API_KEY: 'MARK::MARK' }).BC_API_KEY, 'prismacloud-proxy::the-token')
  t.notOk('BC_API_KEY' in environment({}))
  t.equal(environment({ BC_API_KEY: '' }).BC_API_KEY, '')
})

t.test('nothing of the key is left in it, and all else is', async t => {
  const env = environment({
    PATH: '/bin',
    PC_IDENTITY: 'MARK',
    PC_SECRET: 'MARK',
    PC_ACCESS_KEY: 'MARK',
    PC_SECRET_KEY: 'MARK',
    PRISMACLOUD_PASSWORD: 'MARK',
    PRISMACLOUD_USERNAME: 'MARK',
    PRISMACLOUD_CUSTOMER_NAME: 'MARK',
    PRISMACLOUD_JSON_WEB_TOKEN: 'MARK',
    PRISMACLOUD_JSON_CONFIG_FILE: 'MARK',
    PRISMACLOUDCOMPUTE_PASSWORD: 'MARK',
    PRISMACLOUDCOMPUTE_CONFIG_FILE: 'MARK',
    BC_API_KEY: 'MARK::MARK',
    PRISMACLOUD_PROXY_TENANTS_DEFAULT_SECRET_KEY: 'MARK',
    PRISMACLOUD_PROXY_UPSTREAM_PROXY: 'http://user:MARK@proxy',
    HTTPS_PROXY: 'http://user:MARK@proxy',
    https_proxy: 'http://user:MARK@proxy',
  })
  t.notMatch(JSON.stringify(env), 'MARK')
  t.match(env, { PATH: '/bin' })
})

t.test('what was reached without a proxy still is, but for the API', async t => {
  const list = 'corp.example, .prismacloud.io api2.prismacloud.io,*.internal'
  t.equal(environment({ NO_PROXY: list }).NO_PROXY, 'corp.example,*.internal,localhost,127.0.0.1,::1')
  t.equal(environment({ NO_PROXY: '*' }).no_proxy, 'localhost,127.0.0.1,::1')
  t.equal(environment({ NO_PROXY: 'a', no_proxy: 'b' }).NO_PROXY, 'b,localhost,127.0.0.1,::1')
})

t.test('what holds a key is not passed on, by whatever name', async t => {
  const before = {
    A: 'x marked y',
    B: 'plain',
    PC_SECRET: 'marked',
    PRISMACLOUD_PROXY_X: 'marked',
    BC_API_KEY: 'marked',
  }
  const after = environment(before)
  t.equal(after.B, 'plain')
  t.notOk('A' in after)
  t.notMatch(JSON.stringify(after), 'marked')
  t.equal(after.BC_API_KEY, 'prismacloud-proxy::the-token')
  t.strictSame(withheldVariables(before, after), ['A'], 'those that are replaced anyway are not told')
})
