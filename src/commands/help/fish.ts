import type { CompletedCommand, CompletedFlag } from './completed.ts'

/** Renders the completion script for fish 3 or newer. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const known = commands.filter(({ at }) => at !== '').map(({ at }) => quoted(at))
  return `# fish completion for prismacloud-proxy; to load it: prismacloud-proxy completion fish | source

# whether the words before the cursor begin with this command, and no other
function __prismacloud_proxy_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch (string trim -- "$at $word")
            case ${known.join(' ')}
                set at (string trim -- "$at $word")
            case '*'
                break
        end
    end
    test "$at" = "$argv"
end

# whether the words before the cursor are this command alone
function __prismacloud_proxy_is
    test (string join ' ' -- (commandline -opc)[2..-1] | string collect --allow-empty) = "$argv"
end

function __prismacloud_proxy_tenants
    set -l words (commandline -opc)
    command $words[1] completion tenants -- $words[2..-1] 2>/dev/null </dev/null
end

# the command line after --
function __prismacloud_proxy_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words); or return
    complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) (commandline -ct) | string collect)
end

complete -c prismacloud-proxy -e
complete -c prismacloud-proxy -f
${commands.flatMap(linesFor).join('\n')}
`
}

function linesFor({ at, commands, flags, takesCommand }: CompletedCommand): string[] {
  const here = `complete -c prismacloud-proxy -n ${quoted(`__prismacloud_proxy_at ${quoted(at)}`)}`
  const next = `complete -c prismacloud-proxy -n ${quoted(`__prismacloud_proxy_is ${quoted(at)}`)}`
  return [
    ...commands.map(({ word, brief }) => `${next} -a ${word} -d ${quoted(brief)}`),
    ...flags.map(flag => `${here} ${flagOptions(flag)} -d ${quoted(flag.brief)}`),
    ...(takesCommand ? [`${here} -a '(__prismacloud_proxy_command)'`] : []),
  ]
}

function flagOptions({ name, short, value, isOptional }: CompletedFlag): string {
  const names = `${short === null ? '' : `-s ${short.slice(1)} `}-l ${name.slice(2)}`
  if (value === null) return names
  if (value === 'files') return `${names} -r -F`
  if (value === 'tenants') return `${names} -x -a '(__prismacloud_proxy_tenants)'`
  if (value === 'text') return `${names} -x`
  return `${names} ${isOptional ? '-a' : '-x -a'} ${quoted(value.join(' '))}`
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
