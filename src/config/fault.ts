/** One thing that is wrong with the configuration. No member holds a secret. */
export interface Fault {
  /** The key, as in the file: `listen.address`. */
  readonly key: string
  /** Where the value was given: a flag, a variable, `FILE:LINE`, or `default`. */
  readonly origin: string
  readonly problem: string
  /** What to do about it, as sentences. */
  readonly cure: string
  /** True where the fault is only that something was not given. */
  readonly absence?: true
}

/** The configuration cannot be used. The message lists every fault, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`
    super([`The configuration has ${count}:`, ...faults.map(line)].join('\n'))
    this.faults = faults
  }
}

function line({ key, origin, problem, cure }: Fault): string {
  return `- ${key === origin ? key : `${key} (${origin})`}: ${problem}. ${cure}`
}

/** A value that a key does not take. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue'
  /** The end of a sentence that begins with the value, which it does not repeat. The message is the same. */
  readonly problem: string
  readonly cure: string

  constructor(problem: string, cure: string) {
    super(problem)
    this.problem = problem
    this.cure = cure
  }
}

/** A part of a value that a key does not take. The problem is a sentence, which names the part. */
export class InvalidPart extends InvalidValue {}

/** Elements of a list that a key does not take, each by its place. */
export class InvalidElements extends Error {
  override readonly name = 'InvalidElements'
  readonly elements: readonly (Pick<Fault, 'problem' | 'cure'> & { readonly index: number })[]

  constructor(elements: InvalidElements['elements']) {
    super(elements.map(({ problem }) => problem).join('; '))
    this.elements = elements
  }
}

/** A tenant's access key cannot be read. The message says why, and holds no secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

/** In characters: every path that Linux opens is shorter. */
const LONGEST_QUOTE = 4096

/**
 * The value in quotes for a fault; `the value` where it is long or may hold what is private: a URL's user and password,
 * query or fragment.
 */
export function quote(value: string): string {
  return /[@?#]/.test(value) || value.length > LONGEST_QUOTE ? 'the value' : JSON.stringify(value)
}

/** A key as it may be shown in a fault: what does not look like a key may be a secret that slipped out of its place. */
export function showKey(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/.test(key) ? key : '(a key that is not shown)'
}
