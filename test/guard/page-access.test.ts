import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import t from 'tap'
import { PageAccess } from '../../src/guard/page-access.ts'
import { testClock } from '../support/clock.ts'

/** A request with these headers that came by this socket. */
function requestBy(socket: Partial<Socket>, headers: IncomingHttpHeaders = {}) {
  return { socket, headers } as IncomingMessage
}

t.test('only the page has the token, which differs from process to process', async t => {
  const access = new PageAccess(testClock())
  const from = (value?: string | string[]) =>
    access.isFromPage({ headers: { 'x-prismacloud-proxy-page-token': value } as IncomingHttpHeaders })
  t.ok(from(access.token))
  for (const value of [undefined, '', 'guess', `${access.token}x`, [access.token]]) t.notOk(from(value))
  t.not(access.token, new PageAccess(testClock()).token)
  t.match(access.token, /^[\w-]{32}$/)
})

t.test('each port has a cookie of its own, which only https keeps from http', async t => {
  const access = new PageAccess(testClock())
  const http = access.cookie(requestBy({ localPort: 9080 }), 'print')
  t.match(http, /^prismacloud-proxy-9080=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
  const secure = new TLSSocket(new Socket())
  t.match(access.cookie({ socket: secure }, 'print'), /^prismacloud-proxy-0=.*; SameSite=Strict; Secure$/)
  const cookie = `a=1; ${http.split(';')[0]}; b`
  const login = `${access.loginIn(requestBy({ localPort: 9080 }, { cookie }))}`
  t.equal(access.subjectOf(login), 'print')
  t.equal(access.loginIn(requestBy({ localPort: 9081 }, { cookie })), undefined)
  t.equal(access.loginIn(requestBy({ localPort: 9080 })), undefined)
  t.equal(new PageAccess(testClock()).subjectOf(login), undefined, 'a restart logs everybody out')
  t.equal(access.subjectOf('forged'), undefined)
})
