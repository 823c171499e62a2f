// What the tests in test/tools and the benchmarks drive: Debian's packages. Installs those that are missing where it may,
// and otherwise ends with one line that names them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'

/** Each package by what it is known to be there by: a program on PATH, or a path. */
const PACKAGES = {
  bsdutils: 'script',
  chromium: 'chromium',
  curl: 'curl',
  'default-jdk-headless': 'javac',
  fish: 'fish',
  'golang-go': 'go',
  'kubernetes-client': 'kubectl',
  logrotate: 'logrotate',
  'man-db': 'man',
  // others have an nc, too, which knows other options
  'netcat-openbsd': 'nc.openbsd',
  'nginx-light': 'nginx',
  openssl: 'openssl',
  procps: 'ps',
  // Debian may start one of its own at port 9090, which no test uses
  prometheus: 'promtool',
  'python3-requests': '/usr/lib/python3/dist-packages/requests',
  // Debian may start one of its own at port 6379, which no test uses
  'redis-sentinel': 'redis-sentinel',
  'redis-server': 'redis-server',
  'redis-tools': 'redis-cli',
  // for its programs alone: nothing is started by it
  systemd: 'systemd-notify',
  tinyproxy: 'tinyproxy',
  wget: 'wget',
  zsh: 'zsh',
}

/** Where Debian has servers is on root's PATH alone. */
const PLACES = [...`${process.env.PATH}`.split(delimiter), '/usr/sbin']

const INSTALL = ['install', '-y', '-qq', '--no-install-recommends']

if (missing().length > 0 && process.getuid?.() === 0 && isThere('apt-get')) {
  aptGet('update', '-qq')
  aptGet(...INSTALL, ...missing())
}
if (missing().length > 0) {
  console.error(`Debian packages are missing: apt-get install ${missing().join(' ')}`)
  process.exitCode = 1
}

function missing() {
  return Object.entries(PACKAGES).flatMap(([name, sign]) => (isThere(sign) ? [] : [name]))
}

function isThere(sign) {
  return PLACES.some(directory => existsSync(resolve(directory, sign)))
}

/** What goes wrong is told by apt-get, and seen by what is still missing. */
function aptGet(...args) {
  spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
}
