import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { newFolder } from '../support/folder.ts'
import { codeIn } from '../support/markdown.ts'
import { follow, run, spawnBare } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

// The steps in config/README.md are carried out in a folder that stands for the root of the file system.

const PROJECT = resolve(import.meta.dirname, '../..')
const README = readFileSync(join(PROJECT, 'config/README.md'), 'utf8')
const [INSTALL = '', SOCKET = '', AUDIT = '', REMOVE = '', ...MORE] = codeIn(README, 'systemd', 'sh')

/** Folders that every system has. What else is in the root was installed. */
const OF_THE_SYSTEM = ['etc/systemd/system', 'etc/logrotate.d', 'opt', 'var/lib', 'var/log']

/**
 * The part of systemctl that needs no running systemd is the real one's. `clean` removes what a service manager would
 * have made for the service (systemd.exec(5)).
 */
const SYSTEMCTL = `
systemctl() {
  case $1 in
    enable | disable) [ "$2" = --now ] && command systemctl --root="$ROOT" "$1" "\${@:3}" ;;
    clean) sed -n 's,^StateDirectory=,/var/lib/,p; s,^LogsDirectory=,/var/log/,p' "$ROOT/etc/systemd/system/$3" |
      while read -r path; do rm -r "$ROOT$path"; done ;;
    daemon-reload) ;;
    *) echo "systemctl $1 is not known here" >&2; return 1 ;;
  esac
}
`

/** The lines of a shell with every path in the root. */
function inRoot(root: string, lines: string): string {
  return lines.replaceAll(/(?<=\s)\/(?:etc|opt|var)\//g, path => `${root}${path}`)
}

t.test('what is installed is enabled and runs, and nothing of it is left in the end', async t => {
  t.equal(MORE.length, 0)
  const [root, here] = [newFolder(t), newFolder(t)]
  for (const path of OF_THE_SYSTEM) mkdirSync(join(root, path), { recursive: true })
  const content = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()
  const before = content()
  await run('npm', ['pack', PROJECT, '--pack-destination', here, '--ignore-scripts'], { HOME: here })
  writeFileSync(join(here, 'access-key-id'), DEMO_USER.accessKeyId)
  writeFileSync(join(here, 'secret-key'), DEMO_USER.secretKey)
  const shell = (lines: string) =>
    run('bash', ['-euc', `cd '${here}'; umask 077; ${SYSTEMCTL}\n${inRoot(root, lines)}`], { ROOT: root })

  await shell(INSTALL)
  const at = (path: string) => join(root, path)
  const enabled = at('etc/systemd/system/multi-user.target.wants/prismacloud-proxy.service')
  t.equal(readlinkSync(enabled), '/etc/systemd/system/prismacloud-proxy.service')
  for (const [path, mode] of [
    ['opt/prismacloud-proxy', 0o755],
    ['opt/prismacloud-proxy/config/README.md', 0o644],
    ['etc/prismacloud-proxy/access-key-id', 0o600],
    ['etc/prismacloud-proxy/secret-key', 0o600],
    ['etc/systemd/system/prismacloud-proxy.service', 0o644],
    ['etc/systemd/system/prismacloud-proxy.service.d/settings.conf', 0o644],
  ] as const)
    t.equal(statSync(at(path)).mode & 0o777, mode, path)

  await t.test('the command of the service runs what was installed', async t => {
    const simulator = await startSimulatorProcess(t, 600)
    const { PC_URL, PRISMACLOUD_PROXY_UPSTREAM_CA_FILE } = credentials(simulator)
    const unit = readFileSync(at('etc/systemd/system/prismacloud-proxy.service'), 'utf8')
    const values = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
    const variables = values('Environment').map(each =>
      each.replace('%d', at('etc/prismacloud-proxy')).replace('%S', at('var/lib')).split('='),
    )
    const env = {
      ...Object.fromEntries(variables),
      PRISMACLOUD_PROXY_TENANTS_DEFAULT_URL: PC_URL,
      PRISMACLOUD_PROXY_UPSTREAM_CA_FILE,
      PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0',
      PRISMACLOUD_PROXY_LISTEN_TLS: 'auto',
      PRISMACLOUD_PROXY_LISTEN_TLS_ADDRESS: '127.0.0.1:0',
    }
    const [, ...args] = `${values('ExecStart')[0]}`.replace('/opt/', `${root}/opt/`).split(' ')
    const service = follow(t, spawnBare(process.execPath, args, env, '/'))
    await service.until(/ready in/)
    t.ok(existsSync(at('var/lib/prismacloud-proxy/ca.pem')), 'the local CA is in the state directory')
    service.process.kill('SIGTERM')
    t.equal(await service.ended, 0)
  })

  await shell(SOCKET)
  t.notOk(existsSync(enabled))
  const socket = at('etc/systemd/system/sockets.target.wants/prismacloud-proxy.socket')
  t.equal(readlinkSync(socket), '/etc/systemd/system/prismacloud-proxy.socket')
  await shell(AUDIT)
  t.equal(statSync(at('etc/logrotate.d/prismacloud-proxy')).mode & 0o777, 0o644)

  mkdirSync(at('var/log/prismacloud-proxy'))
  writeFileSync(at('var/log/prismacloud-proxy/audit.log'), '{}\n')
  await shell(REMOVE)
  t.strictSame(content(), before)

  await t.test('a package that npm installed elsewhere is linked', async t => {
    const [, link = ''] = /`(ln -s .*)`/.exec(README) ?? []
    await shell(`npm() { dirname '${PROJECT}'; }; cd '${here}'; ${link}`)
    t.equal(readlinkSync(at('opt/prismacloud-proxy')), join(resolve(PROJECT, '..'), 'prismacloud-proxy'))
    await shell(REMOVE)
    t.strictSame(content(), before)
    t.ok(existsSync(join(PROJECT, 'package.json')))
  })
})
