import { type Branch, type Operation, stronger } from './operation.ts'

/** Matches the segments that `v{version}` stands for. */
export const VERSION = /^v\d+(?:[._]\d+)*$/

/**
 * Finds the operation of a request by walking down a tree, one level for each segment of the path. The work depends on
 * the depth of the path, and not on the number of operations: only a few branches match at any level.
 */
export class OperationTree {
  /** The branch at which all templates begin. */
  readonly root: Branch

  constructor(root: Branch) {
    this.root = root
  }

  /** Returns the operations that match a path. `path` is decoded and in lower case; a slash at its end is ignored. */
  at(path: string): readonly Operation[] {
    return this.#branchesAt(path).flatMap(({ operations = [] }) => operations)
  }

  /**
   * Returns the operation of a request, or `undefined` if there is none. HEAD has the operation of GET. If several
   * templates match, the one that has a literal wherever the others do wins. If none has, it is uncertain which of them
   * the API would choose, and the one with the strongest effect wins.
   */
  find(method: string, path: string): Operation | undefined {
    const described = describedMethod(method)
    let found: Operation | undefined
    // loops, because this is done for every request, and arrays of arrays take twice as long
    for (const { operations = [] } of this.#branchesAt(path)) {
      for (const operation of operations) {
        if (operation.method === described) found = found ? likelier(found, operation) : operation
      }
    }
    return found
  }

  /** Lists all operations of the tree. */
  all(): Operation[] {
    return [...operationsIn(this.root)]
  }

  #branchesAt(path: string): readonly Branch[] {
    const end = path.endsWith('/') ? path.length - 1 : path.length
    let branches: readonly Branch[] = [this.root]
    for (let from = 0; from < end && branches.length > 0; ) {
      if (path[from] !== '/') return []
      const slash = path.indexOf('/', from + 1)
      const to = slash < 0 || slash > end ? end : slash
      branches = below(branches, path.slice(from + 1, to))
      from = to
    }
    return branches
  }
}

/** The method under which descriptions have an operation: HEAD is that of GET (RFC 9110, 9.3.2). */
export function describedMethod(method: string): string {
  return method === 'HEAD' ? 'GET' : method
}

/** The branches one level further down that match a segment. */
function below(branches: readonly Branch[], segment: string): Branch[] {
  const next: Branch[] = []
  if (segment === '') return next
  for (const branch of branches) {
    const { version, variable } = branch
    const literal = literalOf(branch, segment)
    if (literal) next.push(literal)
    if (version && VERSION.test(segment)) next.push(version)
    if (variable) next.push(variable)
  }
  return next
}

/** The branch for a literal segment, if there is one. */
export function literalOf({ literals }: Branch, segment: string): Branch | undefined {
  return literals && Object.hasOwn(literals, segment) ? literals[segment] : undefined
}

function* operationsIn({ literals = {}, version, variable, operations = [] }: Branch): Generator<Operation> {
  yield* operations
  for (const branch of [...Object.values(literals), version, variable]) {
    if (branch) yield* operationsIn(branch)
  }
}

/** The one of two operations with the same method that the API would choose for a path that matches both. */
function likelier(one: Operation, other: Operation): Operation {
  // the other one was found later, so it has a variable at the first difference, and cannot win by its literals
  return isAsSpecific(one, other) || stronger(one.effect, other.effect) === one.effect ? one : other
}

/** Whether a template has a literal wherever another one does. */
function isAsSpecific(one: Operation, other: Operation): boolean {
  const variables = one.template.split('/').map(isVariable)
  return other.template.split('/').every((segment, at) => isVariable(segment) || !variables[at])
}

function isVariable(segment: string): boolean {
  return segment.includes('{')
}
