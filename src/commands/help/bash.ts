import { type CompletedCommand, type CompletedFlag, formsOf } from './completed.ts'

/**
 * Renders the completion script for bash 3.2 or newer. It needs no bash-completion, so it puts words together itself
 * that bash splits at `=`.
 */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const known = commands.filter(({ at }) => at !== '').map(({ at }) => `'${at}'`)
  return `# bash completion for prismacloud-proxy; to load it: eval "$(prismacloud-proxy completion bash)"

_prismacloud_proxy() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
      ${known.join('|')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  _prismacloud_proxy_after_terminator && return
  "_prismacloud_proxy_at_\${at// /_}"
}

# after -- stands a command line of its own, if anything
_prismacloud_proxy_after_terminator() {
  local k
  for ((k = i; k < COMP_CWORD; k++)); do
    [[ \${COMP_WORDS[k]} == -- ]] || continue
    case $at in
      ${commands
        .filter(({ takesCommand }) => takesCommand)
        .map(({ at }) => `'${at}'`)
        .join('|')})
        if ((k + 1 == COMP_CWORD)); then
          COMPREPLY=($(compgen -c -- "$cur"))
        else
          _prismacloud_proxy_files
        fi
        ;;
    esac
    return 0
  done
  return 1
}

_prismacloud_proxy_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# readline quotes the names of files itself, where it is new enough to be asked
_prismacloud_proxy_files() {
  local IFS=$'\\n'
  compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$cur"))
}

_prismacloud_proxy_tenants() {
  local names
  names=$("\${COMP_WORDS[0]}" completion tenants -- "\${COMP_WORDS[@]:1}" 2>/dev/null </dev/null)
  _prismacloud_proxy_words "$names"
}

${commands.map(functionFor).join('\n')}
complete -F _prismacloud_proxy prismacloud-proxy
`
}

function functionFor({ at, commands, flags }: CompletedCommand): string {
  const valued = flags.filter(({ value }) => value !== null)
  const words = commands.map(({ word }) => word).join(' ')
  return `_prismacloud_proxy_at_${at.replaceAll(' ', '_')}() {
  case $prev in
${branches(valued)}  esac
  if [[ $cur == -* ]]; then
    _prismacloud_proxy_words '${flags.flatMap(formsOf).join(' ')}'
  elif ((i == COMP_CWORD)); then
    _prismacloud_proxy_words '${words}'
  fi
}
`
}

/** One branch for all flags whose values are completed alike. */
function branches(flags: readonly CompletedFlag[]): string {
  const byAction = new Map<string, string[]>()
  for (const flag of flags) {
    const action = actionFor(flag)
    byAction.set(action, [...(byAction.get(action) ?? []), ...formsOf(flag)])
  }
  return [...byAction].map(([action, forms]) => `    ${forms.join('|')}) ${action} ;;\n`).join('')
}

function actionFor({ value, isOptional }: CompletedFlag): string {
  if (value === 'text') return 'return'
  if (value === 'files' || value === 'tenants') return `_prismacloud_proxy_${value}; return`
  const words = `_prismacloud_proxy_words '${value?.join(' ')}'`
  return isOptional ? `[[ $cur == -* ]] || { ${words}; return; }` : `${words}; return`
}
