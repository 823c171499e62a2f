import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { run } from '../support/process.ts'

const BINARY = resolve(import.meta.dirname, '../../dist/cli.js')

/** What bash runs: it fills in the words as readline would, and prints what the script answers, one a line. */
const BASH = `
source ./script
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_prismacloud_proxy
printf '%s\\n' "\${COMPREPLY[@]}"
`

/**
 * What zsh runs: another zsh in a terminal of its own (zpty), where a tab is typed after the line. Its compadd, with which
 * all completions are offered, prints them in angle brackets.
 */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
expect() {
  local all= chunk
  while zpty -r shell chunk; do
    all+=$chunk
    [[ $all == *$1* ]] && break
  done
  print -r -- $all
}
zpty -w shell 'PROMPT=; autoload -U compinit; fpath=($PWD/functions $fpath); compinit -D -u; [[ -e script ]] && source ./script
compadd() {
  if [[ " \${@[1,(i)(-|--)]} " == *" "-[a-zA-Z]#[OAD]" "* ]]; then
    builtin compadd "$@"
    return
  fi
  local -a found
  builtin compadd -A found "$@"
  local each
  for each in $found; do print -r -- "<<$each>>"; done
  builtin compadd "$@"
}
finish() { print "<end>"; comppostfuncs=(finish) }
comppostfuncs=(finish)
bindkey "^I" list-choices
print -r -- REA""DY'
expect READY >/dev/null
zpty -w -n shell $1$'\\t'
expect '<end>'
zpty -d shell
`

/** What fish runs: it has a command that says how it would complete a line. */
const FISH = 'source ./script; complete -C "$argv[1]"'

type Complete = (line: string) => Promise<string[]>

/**
 * A shell with the program on its path and its script loaded, in a folder with a configuration; the command of a tenant in
 * it would leave a mark.
 */
async function startShell(
  t: Test,
  shell: 'bash' | 'zsh' | 'fish',
): Promise<{ complete: Complete; folder: string; mark: string }> {
  const folder = newFolder(t)
  mkdirSync(join(folder, 'bin'))
  const program = join(folder, 'bin', 'prismacloud-proxy')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${BINARY}' "$@"\n`)
  chmodSync(program, 0o755)
  const mark = join(folder, 'ran')
  writeFileSync(
    join(folder, 'conf.yaml'),
    `tenants: {prod: {url: app2, credentialCommand: [touch, ${mark}]}, sandbox: {url: app3}}`,
  )
  writeFileSync(join(folder, 'broken.yaml'), 'tenants: [')
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, TERM: 'xterm', LC_ALL: 'C.UTF-8' }
  const lines = async (...command: string[]) => {
    const { stdout, stderr } = await run('timeout', ['60', 'env', '-C', folder, ...command], env)
    t.equal(stderr, '')
    return stdout.split('\n').filter(line => line !== '')
  }
  writeFileSync(join(folder, 'script'), (await lines('prismacloud-proxy', 'completion', shell)).join('\n'))
  const shells: Record<typeof shell, Complete> = {
    bash: line => lines('bash', '--norc', '-c', BASH, 'bash', ...split(line)),
    zsh: async line =>
      (await lines('zsh', '-f', '-c', ZSH, 'zsh', line)).flatMap(text =>
        [...text.matchAll(/<<(.*?)>>/g)].map(([, found = '']) => found),
      ),
    fish: async line =>
      (await lines('fish', '--no-config', '-c', FISH, line)).map(text =>
        text.replace(/\t.*/, '').replace(/^--\S+=/, ''),
      ),
  }
  return { complete: shells[shell], folder, mark }
}

/** The words of a line as readline gives them to a script: those with `=` in parts. */
function split(line: string): string[] {
  return line.split(' ').flatMap(word => word.split(/(=)/).filter((part, at) => at === 0 || part !== ''))
}

for (const shell of ['bash', 'zsh', 'fish'] as const)
  t.test(`${shell} completes commands, flags and values`, async t => {
    const { mark, complete } = await startShell(t, shell)
    const rows: [line: string, found: string[]][] = [
      ['prismacloud-proxy st', ['stacks', 'start', 'status']],
      ['prismacloud-proxy stacks ', ['find']],
      ['prismacloud-proxy ca r', ['rotate']],
      ['prismacloud-proxy stacks find --y', ['--yes']],
      ['prismacloud-proxy --log-r', ['--log-requests']],
      ['prismacloud-proxy demo --', ['--fleet', '--help', '--once']],
      ['prismacloud-proxy start --log-format ', ['auto', 'json', 'pretty']],
      ['prismacloud-proxy check --log-format=p', ['pretty']],
      ['prismacloud-proxy --url app2', ['app2', 'app2.eu']],
      ['prismacloud-proxy stacks find --url=app2', ['app2', 'app2.eu']],
      ['prismacloud-proxy status --url ap', []],
      ['prismacloud-proxy start -c con', ['conf.yaml']],
      ['prismacloud-proxy start --audit-file con', ['conf.yaml']],
      ['prismacloud-proxy start -p con', []],
      ['prismacloud-proxy -c conf.yaml --default-tenant ', ['prod', 'sandbox']],
      ['prismacloud-proxy check --config=conf.yaml --default-tenant=s', ['sandbox']],
      ['prismacloud-proxy exec -c conf.yaml --default-tenant p', ['prod']],
      ['prismacloud-proxy start -c broken.yaml --default-tenant ', []],
      ['prismacloud-proxy exec -- prismacloud-', ['prismacloud-proxy']],
      ['prismacloud-proxy exec -- cat con', ['conf.yaml']],
    ]
    for (const [line, found] of rows) t.strictSame([...new Set(await complete(line))].toSorted(), found, line)
    t.notOk(existsSync(mark), 'no command was run')
  })

t.test('zsh loads the script from a folder of its own functions as well', async t => {
  const { folder, complete } = await startShell(t, 'zsh')
  mkdirSync(join(folder, 'functions'))
  renameSync(join(folder, 'script'), join(folder, 'functions', '_prismacloud-proxy'))
  t.strictSame(await complete('prismacloud-proxy stacks find --y'), ['--yes'])
  t.strictSame(await complete('prismacloud-proxy -c conf.yaml --default-tenant '), ['prod', 'sandbox'])
})
