/** Parts of names whose values let whoever reads them act for somebody. */
const PARTS =
  /passw|passphrase|passcode|pwd|secret|token|credential|cookie|authorization|jwt|bearer|signature|saml_?response|(?:api|access|private|ssh|signing|encryption|shared|account|storage|master|service|license)[-_. ]?key|session[-_. ]?id|webhook[-_. ]?url|connection[-_. ]?string/i

/** Whole names of such values. `plain` holds the secrets in what Compute stores. */
const WHOLE = /^(?:.*[-_.])?(?:auth|otp|pin|sas|sig|plain)$/i

/** Tokens that only say where the next page begins. */
const PAGING = /^(?:next|prev|previous|page|continuation)[-_]?(?:page)?[-_]?token$/i

/** Whether the value of a member, field, element or variable with this name is a credential. */
export function isCredentialName(name: string): boolean {
  return (PARTS.test(name) || WHOLE.test(name)) && !PAGING.test(name)
}
