import { Secret } from '../kernel/secret.ts'
import type { OtelConfig } from './config.ts'
import { type Fault, InvalidPart, InvalidValue } from './fault.ts'
import { attempt } from './schema/setting-faults.ts'
import type { Environment } from './sources/environment.ts'
import { readAuthorities, readPemFile } from './sources/text-file.ts'
import { readSecretText } from './tenants/credential-files.ts'

/** Where spans are sent unless a variable says otherwise (OTLP Exporter Configuration, "Endpoint URLs for OTLP/HTTP"). */
const DEFAULT_ENDPOINT = 'http://localhost:4318'
const TRACES_PATH = 'v1/traces'

/** How many spans may wait, unless a variable says otherwise. */
const DEFAULT_QUEUE = 2_048

/** One header of a list, and one attribute of a resource, whose packages refuse an unescaped `=` in the value. */
const HEADER = /^\s*[^=\s]+\s*=/
const ATTRIBUTE = /^\s*[^=\s]+\s*=[^=]*$/

/** Reads the value of a variable. Throws an `InvalidValue` for one that it does not accept. */
type Read<T> = (value: string) => T | Promise<T>

const oneOf =
  <T extends string>(...values: readonly T[]): Read<T> =>
  value => {
    const found = values.find(each => each === value)
    if (found !== undefined) return found
    throw new InvalidValue('is not supported', `set it to ${values.join(' or ')}`)
  }

const someOf =
  (...values: readonly string[]): Read<string[]> =>
  async value =>
    Promise.all(value.split(',').map(each => oneOf(...values)(each.trim())))

const numberFrom =
  (isGood: (number: number) => boolean, description: string): Read<number> =>
  value => {
    const number = Number(value)
    if (isGood(number)) return number
    throw new InvalidValue('is not accepted', `set it to ${description}`)
  }

const isRatio = (number: number) => number >= 0 && number <= 1

const positive = numberFrom(number => number > 0 && number < Number.POSITIVE_INFINITY, 'a number above 0')

const url: Read<URL> = value => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed
  throw new InvalidValue('is not an http or https URL', 'set it to a URL such as http://localhost:4318')
}

const listOf =
  (pair: RegExp): Read<void> =>
  value => {
    if (value.split(',').every(part => part.trim() === '' || pair.test(part))) return
    throw new InvalidPart(
      // what is in it may be secret
      'the value is not a list of name=value',
      'separate pairs by commas, and write = as %3D and , as %2C in values',
    )
  }

const sampler = oneOf(
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
)

const protocol: Read<'http/protobuf' | 'http/json'> = oneOf('http/protobuf', 'http/json')

/** The variables that OpenTelemetry's packages read themselves; they would ignore a value that is not accepted. */
const CHECKED: Readonly<Record<string, Read<unknown>>> = {
  OTEL_RESOURCE_ATTRIBUTES: listOf(ATTRIBUTE),
  OTEL_EXPORTER_OTLP_HEADERS: listOf(HEADER),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: listOf(HEADER),
  OTEL_EXPORTER_OTLP_TIMEOUT: positive,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: positive,
  OTEL_EXPORTER_OTLP_COMPRESSION: oneOf('gzip', 'none'),
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: oneOf('gzip', 'none'),
  OTEL_BSP_SCHEDULE_DELAY: positive,
  OTEL_BSP_EXPORT_TIMEOUT: positive,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: positive,
}

/**
 * Reads the variables that configure tracing (OpenTelemetry specification, "Environment Variable Specification" and
 * "OTLP Exporter Configuration"). Returns null if tracing is off or OTEL_SDK_DISABLED is true. Each value that has no
 * effect is a fault.
 */
export async function readOtel(
  { enabled }: { readonly enabled: boolean },
  env: Environment,
  faults: Fault[],
): Promise<OtelConfig | null> {
  if (!enabled) return null
  const read = <T>(name: string, how: Read<T>) => readVariable(env, name, how, faults)
  const ofTraces = async <T>(name: string, how: Read<T>) =>
    (await read(`OTEL_EXPORTER_OTLP_TRACES_${name}`, how)) ?? (await read(`OTEL_EXPORTER_OTLP_${name}`, how))
  for (const [name, how] of Object.entries(CHECKED)) await read(name, how)
  const isDisabled = (await read('OTEL_SDK_DISABLED', oneOf('true', 'false'))) === 'true'
  const exporter = await read('OTEL_TRACES_EXPORTER', oneOf('otlp', 'none'))
  const encoding = (await ofTraces('PROTOCOL', protocol)) ?? 'http/protobuf'
  const propagators = await read('OTEL_PROPAGATORS', someOf('tracecontext', 'baggage', 'none'))
  const own = await read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', url)
  const base = await read('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  const sampled = await read('OTEL_TRACES_SAMPLER', sampler)
  const ratio = await read('OTEL_TRACES_SAMPLER_ARG', numberFrom(isRatio, 'a number from 0 to 1'))
  const maxQueue = await read('OTEL_BSP_MAX_QUEUE_SIZE', positive)
  const authorities = await ofTraces('CERTIFICATE', readAuthorities)
  const cert = await ofTraces('CLIENT_CERTIFICATE', readPemFile)
  const key = await ofTraces('CLIENT_KEY', readSecretText)
  if (isDisabled) return null
  return {
    protocol: exporter === 'none' ? null : encoding,
    propagates: propagators?.includes('tracecontext') ?? true,
    url: own?.href ?? `${(base?.href ?? DEFAULT_ENDPOINT).replace(/\/$/, '')}/${TRACES_PATH}`,
    sampler: sampled ?? 'parentbased_always_on',
    ratio: ratio ?? 1,
    maxQueue: maxQueue ?? DEFAULT_QUEUE,
    authorities: authorities ?? null,
    identity: cert !== undefined && key !== undefined ? { cert, key: new Secret(key) } : null,
  }
}

/** Reads a variable. Returns undefined if it is not set or empty, or its value is wrong, which becomes a fault. */
async function readVariable<T>(env: Environment, name: string, how: Read<T>, faults: Fault[]): Promise<T | undefined> {
  const value = env[name]?.trim()
  if (!value) return undefined
  return attempt({ group: null, key: name, value, source: 'environment', origin: name }, faults, () => how(value))
}
