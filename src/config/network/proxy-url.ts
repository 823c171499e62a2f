import { InvalidValue, MalformedValue } from '../fault.ts'

/** The schemes of outbound proxies. With every SOCKS scheme, the proxy resolves host names. */
const SCHEMES = ['http', 'https', 'socks', 'socks5', 'socks5h']

/** The scheme of a URL and what separates it from the rest (RFC 3986, 3.1). */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

const LARGEST_PORT = 65_535

/** The longest user or password that SOCKS allows, in bytes (RFC 1929, 2). */
const MAX_SOCKS_LOGIN = 255

const FORM_CURE = 'expected http://host:port, https://host:port or socks5://host:port'

/**
 * Reads the address of an outbound proxy as curl and Go do and returns its URL in canonical form. A host and port
 * without a scheme mean http. Everything before the last @ is user and password, which may contain characters that a
 * URL would have to encode. A path, query or fragment is ignored. Throws an `InvalidValue`.
 */
export function readProxyUrl(text: string): string {
  const trimmed = text.trim()
  const typed = SCHEME.exec(trimmed)?.[0]
  const rest = trimmed.replace(SCHEME, '')
  const scheme = typed === undefined ? 'http' : typed.slice(0, -'://'.length).toLowerCase()
  if (!SCHEMES.includes(scheme)) throw new InvalidValue('has an unsupported scheme', FORM_CURE)
  const at = rest.lastIndexOf('@')
  const login = at < 0 ? [] : loginOf(rest.slice(0, at))
  if (scheme.startsWith('socks') && login.some(part => Buffer.byteLength(part) > MAX_SOCKS_LOGIN))
    throw new InvalidValue(
      'has a user or password that is too long for SOCKS',
      `expected at most ${MAX_SOCKS_LOGIN} bytes for each`,
    )
  const encoded = login.map(encodeURIComponent).join(':')
  const host = hostOf(rest.slice(at + 1))
  if (typed === undefined && !/:\d+$/.test(host)) throw new InvalidValue('has neither a scheme nor a port', FORM_CURE)
  return `${scheme}://${encoded && `${encoded}@`}${host}`
}

/** User and password, decoded. */
function loginOf(text: string): [user: string, password: string] {
  const [user = '', ...others] = text.split(':')
  try {
    return [decodeURIComponent(user), decodeURIComponent(others.join(':'))]
  } catch {
    throw new InvalidValue('has an invalid % escape in its user or password', 'write a literal % as %25')
  }
}

/** Host and port, in canonical form. */
function hostOf(text: string): string {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(?:[/?#].*)?$/s.exec(text) ?? []
  const canonical = host !== '' && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
  const isPort = port === '' || (Number(port) > 0 && Number(port) <= LARGEST_PORT)
  if (!isPort || !/^(\[[0-9a-f:]+\]|[a-z0-9._-]+)$/.test(canonical))
    throw new MalformedValue('invalid proxy URL', FORM_CURE)
  return port === '' ? canonical : `${canonical}:${Number(port)}`
}
