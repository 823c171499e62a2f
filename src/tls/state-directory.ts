import { isAbsolute, join } from 'node:path'

/** Where this user's programs keep what must outlive them (XDG Base Directory Specification; on Windows its own). */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, homeDirectory: string): string {
  const named = [env.XDG_STATE_HOME, env.LOCALAPPDATA].find(path => path !== undefined && isAbsolute(path))
  return join(named ?? join(homeDirectory, '.local', 'state'), 'prismacloud-proxy')
}
