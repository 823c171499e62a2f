import type { Field } from './fields.ts'
import { LABEL } from './readers.ts'
import { clientSchema, settingsSchema, tenantSchema } from './schema.ts'
import { isField, type Section } from './section.ts'

/** Renders the JSON schema of the configuration file, with which editors complete and check it. */
export function jsonSchema(): object {
  const tenants = namedSchema('Tenants by name. A name must be valid as a label of a host name.', tenantSchema)
  const clients = namedSchema('Clients by name, each with its own token and policy.', clientSchema)
  const { properties, ...rest } = mappingSchema(settingsSchema)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of prismacloud-proxy',
    ...rest,
    properties: { tenants, clients, ...properties },
  }
}

function namedSchema(description: string, section: Section): object {
  const patternProperties = { [LABEL.source]: mappingSchema(section) }
  return { type: 'object', description, patternProperties, additionalProperties: false }
}

interface MappingSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly properties: Readonly<Record<string, object>>
}

/** Renders the schema of a mapping. No key in it is required, because the environment or a flag may set it. */
function mappingSchema(section: Section): MappingSchema {
  const entries = Object.entries(section).map(([name, node]): [string, object] => [
    name,
    isField(node) ? fieldSchema(node) : mappingSchema(node),
  ])
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(entries) }
}

function fieldSchema({ kind: _, read: __, ...keywords }: Field): object {
  return keywords
}
