import { TREE } from './generated-tree.ts'
import type { Operation } from './operation.ts'
import { OperationTree } from './operation-tree.ts'

/** All operations of the API's public descriptions: cloud security, application security and Compute. */
export const OPERATIONS = new OperationTree(JSON.parse(TREE))

/** What stands for the path template of requests that no description has. */
const OTHER = 'other'

/** The name of an operation in log, metrics and audit: its path template, or `other` if there is none. */
export function operationName(operation: Operation | undefined): string {
  return operation?.template ?? OTHER
}
