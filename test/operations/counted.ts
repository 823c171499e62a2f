import type { Branch } from '../../src/operations/operation.ts'

/** A tree that reports each time one of its branches is read. */
export function counted(root: Branch, onRead: () => void): Branch {
  const wrapped = new WeakMap<Branch, Branch>()
  const wrap = (branch: Branch): Branch => {
    const proxy =
      wrapped.get(branch) ??
      new Proxy(branch, {
        get(target, name, receiver) {
          onRead()
          const value: unknown = Reflect.get(target, name, receiver)
          const isBranch = name !== 'operations' && typeof value === 'object' && value !== null
          return isBranch ? wrap(value as Branch) : value
        },
      })
    wrapped.set(branch, proxy)
    return proxy
  }
  return wrap(root)
}
