import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { spawnBare } from './process.ts'
import { until } from './until.ts'

/** Opens a page in a real browser, for which the names below `.test` are this machine. It ends with the test. */
export function browse(t: Test, url: string, ...options: string[]): void {
  const profile = mkdtempSync(join(tmpdir(), 'prismacloud-proxy-browser-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-popup-blocking']
  const own = [`--user-data-dir=${profile}`, '--host-resolver-rules=MAP *.test 127.0.0.1']
  const child = spawnBare('chromium', [...flags, ...own, ...options, url])
  t.teardown(async () => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    // its helpers write there until they have noticed
    await until(() => isRemoved(profile))
  })
}

function isRemoved(directory: string): boolean {
  try {
    rmSync(directory, { recursive: true, force: true })
    return true
  } catch {
    return false
  }
}

/** A page that runs a script, at a server of its own. */
export interface ScriptedPage {
  readonly port: number
  /** What the script posted to `/report` as JSON. */
  readonly report: Promise<unknown>
}

/** Serves a page with a script in it, which ends with the test. */
export async function scriptedPage(t: Test, script: string): Promise<ScriptedPage> {
  let tell = (_report: unknown) => {}
  const report = new Promise<unknown>(resolve => {
    tell = resolve
  })
  const server = createServer(async (request, response) => {
    if (request.url === '/report') tell(JSON.parse(await text(request)))
    const page = `<!doctype html><body><script type="module">${script}</script>`
    response.writeHead(200, { 'content-type': 'text/html' }).end(request.url === '/' ? page : '')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, report }
}
