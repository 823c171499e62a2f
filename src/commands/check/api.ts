import type { Api } from '../../stacks/resolve.ts'
import type { Finding } from './finding.ts'

/** Reports how a tenant's configured URL was understood: as a stack, console, API or custom base URL. */
export function describeApi({ stack, origin, basePath, from }: Api): Finding {
  const descriptions: Record<Api['from'], string> = {
    stack: `stack ${stack}, API ${origin}`,
    console: `console of stack ${stack}, using its API ${origin}`,
    api: `API ${origin} of stack ${stack}`,
    custom: `custom API ${origin}${basePath}`,
  }
  return { label: 'url', mark: 'good', text: descriptions[from] }
}
