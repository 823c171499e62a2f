const OWN_PATH = /^\/_proxy(\/[^?%]*)?(\?|$)/

/** Whether a request target is one that the proxy answers itself. None needs a `%`, which a router would decode. */
export function isOwnPath(target: string): boolean {
  return OWN_PATH.test(target)
}
