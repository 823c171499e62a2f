import t from 'tap'
import { stateDirectory } from '../../src/tls/state-directory.ts'

t.test('the state directory follows the user’s environment', async t => {
  const rows: [env: Record<string, string>, folder: string][] = [
    [{}, '/home/ann/.local/state/prismacloud-proxy'],
    [{ XDG_STATE_HOME: '/state' }, '/state/prismacloud-proxy'],
    // "All paths must be absolute. […] relative […] should be considered invalid" (XDG Base Directory Specification)
    [{ XDG_STATE_HOME: 'state' }, '/home/ann/.local/state/prismacloud-proxy'],
    [{ XDG_STATE_HOME: '' }, '/home/ann/.local/state/prismacloud-proxy'],
    [{ LOCALAPPDATA: '/appdata' }, '/appdata/prismacloud-proxy'],
  ]
  for (const [env, folder] of rows) t.equal(stateDirectory(env, '/home/ann'), folder)
})
