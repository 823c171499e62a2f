import { InvalidValue } from '../fault.ts'

/** The schemes of proxies. With any of SOCKS 5 it is the proxy that resolves names. */
const SCHEMES = ['http', 'https', 'socks', 'socks5', 'socks5h']

/** What stands before the rest of a URL (RFC 3986, 3.1). */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

const LARGEST_PORT = 65_535

/** In bytes (RFC 1929, 2). */
const MAX_SOCKS_LOGIN = 255

const PLACE_CURE = 'Write http://host:port, https://host:port or socks5://host:port.'

/**
 * Reads where an outbound proxy is, as curl and Go do: without a scheme, where there is a port, it is http, and what follows
 * host and port does not matter. All before the last @ is user and password, which may hold what would have to be encoded
 * in a URL. Gives its URL in canonical form. Throws an `InvalidValue`.
 */
export function readProxyUrl(text: string): string {
  const trimmed = text.trim()
  const typed = SCHEME.exec(trimmed)?.[0]
  const rest = trimmed.replace(SCHEME, '')
  const scheme = typed === undefined ? 'http' : typed.slice(0, -'://'.length).toLowerCase()
  if (!SCHEMES.includes(scheme)) throw new InvalidValue('has a scheme that no proxy is spoken to by here', PLACE_CURE)
  const at = rest.lastIndexOf('@')
  const login = at < 0 ? [] : loginOf(rest.slice(0, at))
  if (scheme.startsWith('socks') && login.some(part => Buffer.byteLength(part) > MAX_SOCKS_LOGIN))
    throw new InvalidValue(
      'has a user or password that SOCKS cannot carry',
      `Write each in at most ${MAX_SOCKS_LOGIN} bytes.`,
    )
  const encoded = login.map(encodeURIComponent).join(':')
  const host = hostOf(rest.slice(at + 1))
  if (typed === undefined && !/:\d+$/.test(host))
    throw new InvalidValue('is not the URL of a proxy: it has neither a scheme nor a port', PLACE_CURE)
  return `${scheme}://${encoded && `${encoded}@`}${host}`
}

/** User and password, as they are sent. */
function loginOf(text: string): [user: string, password: string] {
  const [user = '', ...others] = text.split(':')
  try {
    return [decodeURIComponent(user), decodeURIComponent(others.join(':'))]
  } catch {
    throw new InvalidValue('has a % in its user or password that stands for nothing', 'Write a % itself as %25.')
  }
}

/** Host and port. */
function hostOf(text: string): string {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(?:[/?#].*)?$/s.exec(text) ?? []
  const canonical = host !== '' && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
  const isPort = port === '' || (Number(port) > 0 && Number(port) <= LARGEST_PORT)
  if (!isPort || !/^(\[[0-9a-f:]+\]|[a-z0-9._-]+)$/.test(canonical))
    throw new InvalidValue('is not the URL of a proxy', PLACE_CURE)
  return port === '' ? canonical : `${canonical}:${Number(port)}`
}
