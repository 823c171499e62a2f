import { isAbsolute, join } from 'node:path'

/**
 * Returns the folder for the proxy's persistent state: below XDG_STATE_HOME (XDG Base Directory Specification), or
 * LOCALAPPDATA on Windows, or ~/.local/state by default.
 */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, homeDirectory: string): string {
  const named = [env.XDG_STATE_HOME, env.LOCALAPPDATA].find(path => path !== undefined && isAbsolute(path))
  return join(named ?? join(homeDirectory, '.local', 'state'), 'prismacloud-proxy')
}
