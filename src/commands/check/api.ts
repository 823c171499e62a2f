import type { Api } from '../../stacks/resolve.ts'
import type { Finding } from './finding.ts'

/** Tells what the configured url was understood as. */
export function describeApi({ stack, origin, basePath, from }: Api): Finding {
  const descriptions: Record<Api['from'], string> = {
    stack: `stack ${stack}: the API is ${origin}`,
    console: `a console URL was given, of stack ${stack}: the API that is used instead is ${origin}`,
    api: `the API of stack ${stack}: ${origin}`,
    custom: `a base of your own: ${origin}${basePath}`,
  }
  return { label: 'url', mark: 'good', text: descriptions[from] }
}
