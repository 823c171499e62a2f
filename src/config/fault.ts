/** One thing that is wrong with the configuration. No member contains a secret. */
export interface Fault {
  /** The key, as in the file (`listen.address`), or the variable that is not known. */
  readonly key: string
  /** Where the value was given: a flag, a variable, `FILE:LINE`, a file, or `default`. The key again where there is no such place. */
  readonly origin: string
  /** What is wrong, in lower case and without a period. */
  readonly problem: string
  /** What to write instead, in lower case and without a period. */
  readonly cure: string
  /** True if the fault is only that something was not given. */
  readonly absence?: true
}

/** The configuration cannot be used. The message lists every fault, one a line. */
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

/** A value that a key does not accept. The problem says what the value does wrong: `does not exist`. */
export class InvalidValue extends Error implements Reason {
  override readonly name = 'InvalidValue'
  /** Continues a clause whose subject is the value, which it does not repeat. The error's message is this text, too. */
  readonly problem: string
  readonly cure: string

  constructor(problem: string, cure: string) {
    super(problem)
    this.problem = problem
    this.cure = cure
  }
}

/** A value in the wrong form. The problem is a noun that the value follows: `invalid duration`. */
export class MalformedValue extends InvalidValue {}

/** A part of a value that a key does not accept. The problem is a whole clause, which names the part. */
export class InvalidPart extends InvalidValue {}

/** The elements of a list that a key does not accept. */
export class InvalidElements extends Error {
  override readonly name = 'InvalidElements'
  /** Each with its index in the list, from 0. */
  readonly elements: readonly (Reason & { readonly index: number })[]

  constructor(elements: InvalidElements['elements']) {
    super(elements.map(({ problem }) => problem).join('; '))
    this.elements = elements
  }
}

/** A tenant's access key cannot be read. The message says why, and contains no secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

/** In characters; every path that Linux opens is shorter. */
const LONGEST_QUOTE = 4096

/**
 * The value in quotes, as a fault shows it; null if it is long or may contain something private: a URL's user and
 * password, query or fragment.
 */
export function quote(value: string): string | null {
  return /[@?#]/.test(value) || value.length > LONGEST_QUOTE ? null : JSON.stringify(value)
}

/** The whole problem, with the quoted value unless that is null: `"a.yaml" does not exist`, `invalid duration "5"`. */
export function describe(reason: Reason, quoted: string | null): string {
  const { problem } = reason
  if (reason instanceof InvalidPart) return problem
  if (reason instanceof MalformedValue) return quoted === null ? problem : `${problem} ${quoted}`
  return `${quoted ?? 'the value'} ${problem}`
}

/** A key as a fault shows it. Text that does not look like a key may be a misplaced secret, and is hidden. */
export function showKey(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/.test(key) ? key : '(hidden key)'
}
