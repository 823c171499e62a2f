import { InvalidValue } from '../../config/fault.ts'
import { errorCodes } from '../../kernel/error-codes.ts'
import { DENIED, FORBIDDEN, StoreError } from './store-error.ts'

const CHECK = 'prismacloud-proxy check says more'
const UNKNOWN_NAME = 'the host name of Redis cannot be resolved: check fleet.redisUrl and the DNS of this machine'
const NO_ROUTE = 'there is no route to Redis: check fleet.redisUrl and the network of this machine'
const UNTRUSTED = 'the certificate of Redis is not trusted: name its CA in fleet.redisCaFile'
const NOT_TLS =
  'Redis rejected the TLS connection: check that it expects TLS at this port, and whether it requires a client certificate (fleet.redisCertFile)'
const BROKEN_OFF =
  'Redis closed the connection: check that it runs, and that fleet.redisUrl begins with rediss if it expects TLS'
const SILENT = 'Redis does not respond in time: check that it runs, is not overloaded, and is reachable from here'

/** What the codes of Node.js mean for a connection to Redis. */
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Redis refuses connections: check the host and port in fleet.redisUrl, and that Redis runs',
  ENOTFOUND: UNKNOWN_NAME,
  EAI_AGAIN: UNKNOWN_NAME,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ECONNRESET: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  ETIMEDOUT: SILENT,
  DEADLINE: SILENT,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: 'the certificate of Redis has expired: renew it, or correct the clock of this machine',
  CERT_NOT_YET_VALID: 'the certificate of Redis is not valid yet: correct the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of Redis belongs to another name: use a name of the certificate in fleet.redisUrl',
}

/** What the client library says when nothing came from Redis or Node.js. */
const MESSAGES: Readonly<Record<string, string>> = {
  'Connection timeout': SILENT,
  'Socket closed unexpectedly': BROKEN_OFF,
  'All the root nodes are unavailable': 'no node of the cluster can be used: check fleet.redisUrl, and that Redis runs',
}

/**
 * What replies of Redis mean. Some are within the error of a script, behind other words. The replies themselves are
 * never shown, because some repeat what was sent: the password, too.
 */
const REPLIES: readonly (readonly [RegExp, string])[] = [
  [
    /unknown command '?`?"?HELLO|NOPROTO/i,
    'Redis is too old, or no Redis: the fleet needs Redis 6.2 or newer, or Valkey',
  ],
  [FORBIDDEN, 'the server does not allow scripts (EVAL, EVALSHA), which the fleet needs: use a Redis that allows them'],
  [
    /\bWRONGPASS\b|invalid password/,
    'Redis rejected the password: check fleet.redisUsername, and fleet.redisPassword or fleet.redisPasswordFile',
  ],
  [/\bNOAUTH\b/, 'Redis requires a password: set fleet.redisPasswordFile, and fleet.redisUsername for an ACL user'],
  [
    /without any password configured/,
    'Redis has no password, but one is configured: remove fleet.redisPassword and fleet.redisPasswordFile',
  ],
  [DENIED, `the user of Redis lacks a permission: ${CHECK}, with the line that grants it`],
  [/\bOOM\b/, 'Redis has no memory left: raise its maxmemory'],
  [/\bREADONLY\b/, 'this Redis is a read-only replica: name the primary in fleet.redisUrl, or use redis-sentinel://'],
  [/\bLOADING\b/, 'Redis is loading its data; the connection is restored when it is done'],
  [/\bMASTERDOWN\b/, 'this Redis is a replica that has lost its primary: name the primary in fleet.redisUrl'],
  [/\bCLUSTERDOWN\b/, 'the Redis cluster is down: check its state with redis-cli cluster info'],
  [/cluster support disabled/, 'this Redis is no cluster: begin fleet.redisUrl with redis:// or rediss://'],
  [/\bMOVED\b/, 'this Redis is part of a cluster: begin fleet.redisUrl with redis-cluster:// or rediss-cluster://'],
  [/\bMISCONF\b/, 'Redis accepts no writes because it cannot save its data: see its log'],
  [/\bNOREPLICAS\b/, 'Redis accepts no writes because it has too few replicas: check their connections'],
  [/\bBUSY\b/, 'Redis is busy with a script of another client: end it with SCRIPT KILL'],
  [/\bDB index\b/, 'Redis has no database of this number: correct the number at the end of fleet.redisUrl'],
  [/max number of clients/, 'Redis has too many clients: raise its maxclients'],
]

/** Says in one sentence why the store cannot be used and how to fix that. The sentence contains no secret. */
export function explainStoreError(error: unknown): string {
  if (error instanceof StoreError) return error.message
  if (error instanceof InvalidValue) return `fleet.redisPasswordFile ${error.problem}: ${error.cure}`
  const codes = errorCodes(error)
  const explained = codes.map(code => CODES[code]).find(text => text !== undefined)
  if (explained !== undefined) return explained
  const message = error instanceof Error ? error.message : ''
  const reply = REPLIES.find(([pattern]) => pattern.test(message))?.[1]
  return MESSAGES[message] ?? reply ?? unknownError(codes, message)
}

function unknownError(codes: readonly string[], message: string): string {
  if (codes.some(code => /SSL|TLS|CERT|EPROTO/.test(code))) return NOT_TLS
  const name = codes[0] ?? /^[A-Z]{3,}\b/.exec(message)?.[0]
  return name === undefined ? `Redis failed: ${CHECK}` : `Redis failed with ${name}: ${CHECK}`
}
