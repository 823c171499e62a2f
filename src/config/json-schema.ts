import type { Section } from './keys.ts'
import { LABEL, type Leaf } from './leaves.ts'
import { settingsSchema, tenantSchema } from './schema.ts'

/** The JSON schema of the configuration file, for editors. */
export function jsonSchema(): object {
  const tenants = {
    type: 'object',
    description: 'The tenants, by name. The name is a label of a host name.',
    patternProperties: { [LABEL.source]: mappingSchema(tenantSchema) },
    additionalProperties: false,
  }
  const { properties, ...rest } = mappingSchema(settingsSchema)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of prismacloud-proxy',
    ...rest,
    properties: { tenants, ...properties },
  }
}

interface MappingSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly properties: Readonly<Record<string, object>>
}

/** Every key may be left out, because the environment or a flag may give it. */
function mappingSchema(section: Section): MappingSchema {
  const entries = Object.entries(section.properties).map(([name, node]): [string, object] => [
    name,
    'properties' in node ? mappingSchema(node) : leafSchema(node),
  ])
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(entries) }
}

function leafSchema({ kind: _, ...keywords }: Leaf): object {
  return keywords
}
