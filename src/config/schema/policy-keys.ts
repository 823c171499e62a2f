import { choice, rules } from './fields.ts'
import type { Section } from './section.ts'

/** The keys of a policy: for all requests, for those to a tenant, and for those of a client. */
export const policyKeys = {
  access: choice(
    ['read-write', 'read-only'],
    'read-write',
    'Which requests are allowed: all, or only those that read or export, plus what the key allow lists.',
  ),
  allow: rules(
    'With read-write access: allow only requests that match one of these rules, e.g. "GET,POST /v2/alert/**"; without rules, all. With read-only access: also allow these writes, e.g. "POST /v2/report".',
  ),
  deny: rules('Block requests that match one of these rules, even if allow matches them, too.'),
} satisfies Section
