/** One thing that is wrong with the configuration. No member contains a secret. */
export interface Fault {
  /** The key, as in the file (`listen.address`), or the name of an unknown variable. */
  readonly key: string
  /**
   * Where the value was given: a flag, a variable, `FILE:LINE`, a file, or `default`. If there is no such place, it is
   * the key.
   */
  readonly origin: string
  /** What is wrong, in lower case and without a period. */
  readonly problem: string
  /** What to write instead, in lower case and without a period. */
  readonly cure: string
  /** True if the only fault is that something was not given. */
  readonly absence?: true
}

/** Thrown if the configuration cannot be used. The message lists every fault, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? '1 problem' : `${faults.length} problems`
    super([`invalid configuration (${count}):`, ...faults.map(line)].join('\n'))
    this.faults = faults
  }
}

function line({ key, origin, problem, cure }: Fault): string {
  return `- ${key === origin ? key : `${key} (${origin})`}: ${problem}; ${cure}`
}

/** What is wrong with a value, and what to write instead. */
export type Reason = Pick<Fault, 'problem' | 'cure'>

/**
 * Thrown for a value that a key does not accept. The problem is a predicate, and the value its subject: `does not
 * exist`.
 */
export class InvalidValue extends Error implements Reason {
  override readonly name = 'InvalidValue'
  /**
   * What is wrong, as a predicate whose subject is the value. It does not repeat the value, and is also the error's
   * message.
   */
  readonly problem: string
  readonly cure: string

  constructor(problem: string, cure: string) {
    super(problem)
    this.problem = problem
    this.cure = cure
  }
}

/** Thrown for a value in the wrong form. The problem is a noun, which the value follows: `invalid duration`. */
export class MalformedValue extends InvalidValue {}

/** Thrown if a key does not accept a part of a value. The problem is a whole clause, which names the part. */
export class InvalidPart extends InvalidValue {}

/** Thrown if a key does not accept some elements of a list. */
export class InvalidElements extends Error {
  override readonly name = 'InvalidElements'
  /** The rejected elements: what is wrong with each, and its index in the list, from 0. */
  readonly elements: readonly (Reason & { readonly index: number })[]

  constructor(elements: InvalidElements['elements']) {
    super(elements.map(({ problem }) => problem).join('; '))
    this.elements = elements
  }
}

/** Thrown if a tenant's access key cannot be read. The message says why, and contains no secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

/** The longest value that a fault quotes, in characters. Every path that Linux can open is shorter. */
const LONGEST_QUOTE = 4096

/**
 * Returns the value in quotes, as a fault shows it. Returns null if the value is long or may contain something private:
 * a URL's user and password, query or fragment.
 */
export function quote(value: string): string | null {
  return /[@?#]/.test(value) || value.length > LONGEST_QUOTE ? null : JSON.stringify(value)
}

/**
 * Returns the whole problem, with the quoted value unless that is null: `"a.yaml" does not exist`, `invalid duration
 * "5"`.
 */
export function describe(reason: Reason, quoted: string | null): string {
  const { problem } = reason
  if (reason instanceof InvalidPart) return problem
  if (reason instanceof MalformedValue) return quoted === null ? problem : `${problem} ${quoted}`
  return `${quoted ?? 'the value'} ${problem}`
}

/** Returns a key as a fault shows it. Text that does not look like a key may be a misplaced secret, and is hidden. */
export function showKey(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/.test(key) ? key : '(hidden key)'
}
