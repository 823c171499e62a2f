import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import { newFolder } from './folder.ts'
import { freePort } from './free-port.ts'
import { callUrl } from './http.ts'
import { follow, spawnBare } from './process.ts'
import { until } from './until.ts'

/** A Prometheus of Debian's, with exemplars. It ends with the test. */
export interface Prometheus {
  /** Asks its API, and gives the member `data` of the answer. Throws what it complains about. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the question
  ask(path: string, query?: Readonly<Record<string, string>>): Promise<any>
}

/** Starts one with this configuration, and waits until it serves. */
export async function startPrometheus(t: Test, config: object): Promise<Prometheus> {
  const folder = newFolder(t)
  const file = join(folder, 'prometheus.yaml')
  writeFileSync(file, stringify(config))
  const address = `127.0.0.1:${await freePort()}`
  const running = follow(
    t,
    spawnBare('prometheus', [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
    ]),
  )
  // it goes before its folder does
  t.teardown(() => running.ended)
  t.teardown(() => running.process.kill('SIGKILL'))
  await running.until(/Server is ready to receive web requests/)
  return {
    async ask(path, query = {}) {
      const { text } = await callUrl(`http://${address}/api/v1/${path}?${new URLSearchParams(query)}`)
      const { status, data, error } = JSON.parse(text)
      if (status !== 'success') throw new Error(error)
      return data
    },
  }
}

/** Waits until Prometheus has a result for a query, and gives the first value. */
export async function firstValue({ ask }: Prometheus, query: string): Promise<number> {
  let result: { readonly value: readonly [number, string] }[] = []
  await until(async () => {
    result = (await ask('query', { query })).result
    return result.length > 0
  })
  return Number(result[0]?.value[1])
}
