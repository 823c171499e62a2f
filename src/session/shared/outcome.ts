import { AuthFailure, type FailureNature } from '../../auth/auth-failure.ts'
import type { Secret } from '../../kernel/secret.ts'

/** The outcome of an auth call, for all members. */
export type Outcome = { readonly kind: 'token'; readonly token: Secret } | SharedFailure

/** A failed auth call that all members take for their own. */
export interface SharedFailure {
  readonly kind: 'failure'
  readonly nature: FailureNature
  readonly message: string
  readonly lasting: boolean
}

/** An outcome as it comes out of the store. */
export type OpenedOutcome = { readonly kind: 'token'; readonly token: string } | SharedFailure

const NATURES: readonly unknown[] = ['rejected', 'refused', 'transient'] satisfies FailureNature[]

/** The outcome that tells other members of a failure. */
export function outcomeOf({ nature, message, lasting }: AuthFailure): SharedFailure {
  return { kind: 'failure', nature, message, lasting }
}

/** The failure that another member had, or this one. No member calls again before `delay` milliseconds are over. */
export function failureOf({ nature, message, lasting }: SharedFailure, delay: number): AuthFailure {
  return new AuthFailure(nature, message, { lasting, retryAfter: delay, isAnswer: true })
}

/** Reads an outcome from the store. Returns undefined for what is none. */
export function readOutcome(opened: unknown): OpenedOutcome | undefined {
  const { kind, token, nature, message, lasting } = Object(opened)
  if (kind === 'token' && typeof token === 'string') return { kind, token }
  const isFailure = kind === 'failure' && NATURES.includes(nature) && typeof message === 'string'
  return isFailure ? { kind, nature, message, lasting: lasting === true } : undefined
}
