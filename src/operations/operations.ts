import { TREE } from './generated-tree.ts'
import { OperationTree } from './operation-tree.ts'

/** All operations of the API's public descriptions: cloud security, application security and Compute. */
export const OPERATIONS = new OperationTree(JSON.parse(TREE))

/** The name of all operations that no description has, in place of a path template. */
export const OTHER = 'other'
