import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const TABLE = join(import.meta.dirname, '../../src/operations/operations.tsv')

/** A row of the reviewed table, read in the plainest way, beside which the product's way is tested. */
export interface Row {
  readonly method: string
  /** As clients of the proxy send it: Compute's begin with `/_compute`. */
  readonly template: string
  readonly effect: string
  readonly deprecated: string
  readonly rate: string
  readonly burst: string
  readonly paging: string
}

/** All rows of the reviewed table. */
export const ROWS: readonly Row[] = readFileSync(TABLE, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => {
    const [method = '', path = '', api, effect = '', deprecated = '', rate = '', burst = '', paging = ''] =
      line.split('\t')
    return { method, template: api === 'compute' ? `/_compute${path}` : path, effect, deprecated, rate, burst, paging }
  })

/** A path that a template matches, with `value` and `version` in place of its variables. */
export function pathOf(template: string, value = '3f9a7c1e', version = '34.04'): string {
  return template.replace('{version}', version).replace(/\{[\w-]+\}/g, value)
}
