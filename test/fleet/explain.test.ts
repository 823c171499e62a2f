import t from 'tap'
import { InvalidValue } from '../../src/config/fault.ts'
import { explainStoreError } from '../../src/fleet/redis/explain.ts'
import { StoreError } from '../../src/fleet/redis/store-error.ts'

const coded = (code: string) => Object.assign(new Error('hunter22'), { code })

const rows: readonly [error: unknown, text: RegExp][] = [
  [new StoreError('as it is'), /^as it is$/],
  [new InvalidValue('does not exist', 'name a file'), /^fleet\.redisPasswordFile does not exist: name a file$/],
  [coded('ECONNREFUSED'), /^Redis refuses connections: check the host and port in fleet\.redisUrl/],
  [new AggregateError([coded('ECONNREFUSED')]), /^Redis refuses connections/],
  [coded('ENOTFOUND'), /cannot be resolved: check fleet\.redisUrl/],
  [coded('EHOSTUNREACH'), /^there is no route to Redis: check/],
  [coded('ECONNRESET'), /^Redis closed the connection: check/],
  [coded('DEADLINE'), /^Redis does not respond in time: check/],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), /is not trusted: name its CA in fleet\.redisCaFile/],
  [coded('CERT_HAS_EXPIRED'), /has expired: renew it/],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), /belongs to another name: use a name/],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), /^Redis rejected the TLS connection: check/],
  [coded('EPROTO'), /^Redis rejected the TLS connection: check/],
  [coded('EWHATEVER'), /^Redis failed with EWHATEVER: prismacloud-proxy check says more$/],
  [new Error('Connection timeout'), /^Redis does not respond in time/],
  [new Error('Socket closed unexpectedly'), /^Redis closed the connection/],
  [new Error('All the root nodes are unavailable'), /^no node of the cluster can be used: check/],
  [
    new Error('ERR unknown command `HELLO`, with args beginning with: `3` `hunter22`'),
    /^Redis is too old, or no Redis/,
  ],
  [new Error("ERR unknown command 'EVAL', with args beginning with: 'hunter22'"), /^the server does not allow scripts/],
  [new Error('ERR command EVAL is not allowed'), /^the server does not allow scripts/],
  [new Error('WRONGPASS invalid username-password pair or user is disabled.'), /^Redis rejected the password: check/],
  [new Error('NOAUTH HELLO must be called with the client already authenticated'), /^Redis requires a password: set/],
  [new Error('ERR AUTH <password> called without any password configured'), /^Redis has no password, but one is/],
  [new Error("NOPERM User hunter22 has no permissions to run the 'eval' command"), /lacks a permission: prisma/],
  [new Error("ERR The user executing the script can't run this command or subcommand"), /lacks a permission/],
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), /^Redis has no memory left: raise/],
  [new Error("ERR Error running script (call to f_0): @user_script:3: -READONLY You can't write"), /read-only replica/],
  [new Error('LOADING Redis is loading the dataset in memory'), /^Redis is loading its data/],
  [new Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), /lost its primary/],
  [new Error('CLUSTERDOWN The cluster is down'), /^the Redis cluster is down: check/],
  [new Error('ERR This instance has cluster support disabled'), /^this Redis is no cluster: begin/],
  [new Error('MOVED 1 127.0.0.1:1'), /^this Redis is part of a cluster: begin/],
  [new Error('MISCONF Redis is configured to save RDB snapshots'), /cannot save its data: see its log/],
  [new Error('NOREPLICAS Not enough good replicas to write.'), /too few replicas/],
  [new Error('BUSY Redis is busy running a script.'), /^Redis is busy with a script of another client/],
  [new Error('ERR DB index is out of range'), /^Redis has no database of this number/],
  [new Error('ERR max number of clients reached'), /^Redis has too many clients/],
  [new Error('WHATEVER hunter22'), /^Redis failed with WHATEVER: prismacloud-proxy check says more$/],
  [new Error('hunter22'), /^Redis failed: prismacloud-proxy check says more$/],
  ['hunter22', /^Redis failed: /],
]

t.test('every failure is one sentence with its cure, and without a secret', async t => {
  for (const [error, text] of rows) {
    const explained = explainStoreError(error)
    t.match(explained, text)
    t.notMatch(explained, /hunter22|\n/)
  }
})
