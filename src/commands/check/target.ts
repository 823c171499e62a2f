import type { Target } from '../../stacks/resolve.ts'
import type { Finding } from './finding.ts'

/** Tells what the configured url was understood as. */
export function describeTarget({ stack, api, basePath, from }: Target): Finding {
  const descriptions: Record<Target['from'], string> = {
    stack: `stack ${stack}: the API is ${api}`,
    console: `a console URL was given, of stack ${stack}: the API that is used instead is ${api}`,
    api: `the API of stack ${stack}: ${api}`,
    custom: `a base of your own: ${api}${basePath}`,
  }
  return { label: 'url', mark: 'good', text: descriptions[from] }
}
