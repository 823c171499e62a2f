import type { Field } from './fields.ts'

/** A mapping of the schema: fields, and mappings of further fields. */
export interface Section {
  readonly [name: string]: Field | Section
}

/** The values of a section once all of its fields are read. */
export type ValuesOf<S> = {
  readonly [Name in keyof S]: S[Name] extends Field<infer T> ? T : ValuesOf<S[Name]>
}

/** Tells a field from a section. */
export function isField(node: Field | Section): node is Field {
  // a section with a key of this name would hold a field there, never a function
  return typeof node.read === 'function'
}
