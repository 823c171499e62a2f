import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { systemClock } from '../../src/kernel/clock.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { type ProxyOptions, startProxy } from './proxy.ts'
import { until } from './until.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** How long the page may take to show what it should, in milliseconds. */
const DEADLINE = 20_000

/** A browser, for which the names below `.test` are this machine. It ends with the test. */
export async function startBrowser(t: Test): Promise<Browser> {
  const places = `${process.env.PATH}`.split(delimiter).map(folder => join(folder, 'chromium'))
  const executablePath = places.find(existsSync) ?? 'chromium'
  const args = ['--no-sandbox', '--host-resolver-rules=MAP *.test 127.0.0.1']
  const browser = await chromium.launch({ executablePath, args })
  t.teardown(() => browser.close())
  return browser
}

/** A page of the proxy in a browser. */
export interface OpenPage {
  readonly page: Page
  /** What scripts complained about, and what the browser did not let them do. */
  readonly complaints: string[]
}

/** Opens a page in a context of its own, which has its own cookies. It ends with the test. */
export async function openPage(
  t: Test,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(DEADLINE)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints }
}

/** A proxy before a simulator, in real time. */
export async function startServed(t: Test, options: Omit<ProxyOptions, 'upstream' | 'clock'> = {}) {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const proxy = await startProxy(t, { ...options, clock: systemClock, upstream: simulator.url })
  await proxy.app.login()
  return {
    ...proxy,
    simulator,
    origin: `http://127.0.0.1:${proxy.port}`,
    url: `http://127.0.0.1:${proxy.port}/_proxy/`,
  }
}

/** What keeps some people from using the page, by WCAG 2.2 A and AA and the best practices of axe: none, hopefully. */
export async function barriers(page: Page): Promise<string[]> {
  // as the browser's own tools do: the page lets no other script in
  await page.evaluate(readFileSync(AXE, 'utf8'))
  return page.evaluate(async () => {
    const { violations } = await Object(globalThis).axe.run()
    return violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes[0]?.html}`)
  })
}

/** Presses a button that copies, and gives what it copied. */
export async function copied(page: Page, name: string): Promise<string> {
  const clipboard = (text?: string) =>
    page.evaluate(text => {
      const { clipboard } = Object(globalThis).navigator
      return text === null ? clipboard.readText() : clipboard.writeText(text)
    }, text ?? null)
  await clipboard('nothing')
  await page.getByRole('button', { name }).click()
  await until(async () => (await clipboard()) !== 'nothing')
  return clipboard()
}
