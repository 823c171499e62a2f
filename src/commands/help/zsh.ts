import { type CompletedCommand, type CompletedFlag, type CompletedWord, formsOf } from './completed.ts'

/** Renders the completion script for zsh, to be sourced or to stand in a folder of `fpath` as `_prismacloud-proxy`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const known = commands.filter(({ at }) => at !== '').map(({ at }) => quoted(at))
  return `#compdef prismacloud-proxy
# zsh completion for prismacloud-proxy; to load it, after compinit: source <(prismacloud-proxy completion zsh)

_prismacloud-proxy() {
  local -a all=("\${words[@]}")
  local at='' context state line
  typeset -A opt_args
  while ((CURRENT > 2)); do
    case "\${at:+$at }\${words[2]}" in
      (${known.join('|')}) at="\${at:+$at }\${words[2]}" ;;
      (*) break ;;
    esac
    shift words
    ((CURRENT--))
  done
  "_prismacloud-proxy-at-\${at// /-}"
}

_prismacloud-proxy-tenants() {
  local -a names
  names=("\${(@f)$("\${(Q)all[1]}" completion tenants -- "\${(@Q)all[2,-1]}" 2>/dev/null </dev/null)}")
  compadd -- "\${(@)names:#}"
}

# commands, if one may stand here
_prismacloud-proxy-commands() {
  ((CURRENT == 2)) && [[ \${words[2]} != -* ]] || return 1
  local -a listed=("$@")
  _describe -t commands command listed
}

${commands.map(functionFor).join('\n')}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _prismacloud-proxy "$@"
else
  compdef _prismacloud-proxy prismacloud-proxy
fi
`
}

function functionFor({ at, commands, flags, takesCommand }: CompletedCommand): string {
  const listed = commands.map(wordSpec).map(line)
  const specs = [...flags.flatMap(flagSpecs), ...(takesCommand ? [quoted('*::: :_normal')] : [])].map(line)
  const first = commands.length === 0 ? '' : `  _prismacloud-proxy-commands \\\n${listed.join(' \\\n')} && return\n`
  return `_prismacloud-proxy-at-${at.replaceAll(' ', '-')}() {
${first}  _arguments -s -S : \\
${specs.join(' \\\n')}
}
`
}

function line(text: string): string {
  return `    ${text}`
}

function wordSpec({ word, brief }: CompletedWord): string {
  return quoted(`${word}:${brief}`)
}

/** One specification for each way to write a flag; a flag excludes itself, so that it is offered once. */
function flagSpecs(flag: CompletedFlag): string[] {
  const forms = formsOf(flag)
  return forms.map(form =>
    quoted(`(${forms.join(' ')})${form}${joint(form, flag)}[${escaped(flag.brief)}]${valueSpec(flag)}`),
  )
}

/** What says how a value follows: in the same word or the next one. */
function joint(form: string, { value }: CompletedFlag): string {
  if (value === null) return ''
  return form.startsWith('--') ? '=' : '+'
}

function valueSpec({ value, placeholder, isOptional }: CompletedFlag): string {
  if (value === null) return ''
  return `${isOptional ? '::' : ':'}${escaped(placeholder)}:${actionFor(value)}`
}

function actionFor(value: NonNullable<CompletedFlag['value']>): string {
  if (value === 'files') return '_files'
  if (value === 'tenants') return '_prismacloud-proxy-tenants'
  return value === 'text' ? ' ' : `(${value.join(' ')})`
}

/** Text in a specification, where brackets and colons have a meaning. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
