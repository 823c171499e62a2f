import type { Field } from './fields.ts'
import { sectionKeys, sectionNames, settingKeys, variableOf } from './keys.ts'

/** Renders the table of all keys, in Markdown. */
export function configTable(): string {
  const named = sectionNames.flatMap(section =>
    [...sectionKeys[section]].map(([key, field]) => tableRow(`${section}.<name>.${key}`, field)),
  )
  const others = [...settingKeys].map(([key, field]) => tableRow(key, field))
  return ['| Key | Default | Environment | Description |', '|---|---|---|---|', ...named, ...others].join('\n')
}

function tableRow(key: string, field: Field): string {
  const choices = field.enum ? ` One of ${field.enum.map(code).join(', ')}.` : ''
  const value = isSet(field.default) ? code(`${field.default}`) : ''
  return `| ${code(key)} | ${value} | ${code(variableOf(key))} | ${field.description}${choices} |`
}

/** Whether a default is a value, and not merely the absence of one. */
export function isSet(value: Field['default']): boolean {
  return value !== null && !Array.isArray(value)
}

function code(text: string): string {
  return `\`${text}\``
}
