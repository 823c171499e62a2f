import type { AuthApi } from '../../auth/auth-api.ts'
import { AuthFailure } from '../../auth/auth-failure.ts'
import type { Config, CredentialSource, Credentials, TenantConfig } from '../../config/config.ts'
import type { Secret } from '../../kernel/secret.ts'
import { bad, good, type Step } from './finding.ts'

const SECOND = 1000

/** Reads an access key and reports where it comes from. */
export function readKey(source: CredentialSource): Promise<Step<Credentials>> {
  return source.read().then(
    key => good('credentials', `from ${source.origin}`, key),
    (error: Error) => bad('credentials', `cannot read the access key: ${error.message}`),
  )
}

/** Logs in for a token. `advice` is added to a rejection whose message does not say what to do. */
export function logIn(auth: AuthApi, key: Credentials, advice: string): Promise<Step<Secret>> {
  return auth.login(key).then(
    ({ token, lifetime }) => good('login', `ok, the session lasts ${Math.round(lifetime / SECOND)} s`, token),
    (error: Error) => {
      const isRejected = error instanceof AuthFailure && error.nature === 'rejected'
      if (!isRejected) return bad('login', error.message)
      const cure = error.reason === undefined ? `. ${advice}` : ''
      return bad('login', `${error.message}${cure}`, 'rejected')
    },
  )
}

/** Suggests what to check after Prisma Cloud rejected a tenant's access key. */
export function advise({ name, prismaId, customerName }: TenantConfig, { defaultTenant }: Config): string {
  const tenant = name === defaultTenant ? '' : ` --default-tenant ${name}`
  const sentences = [
    `Wrong stack? Run "prismacloud-proxy stacks find${tenant}" to find the right one.`,
    'Key expired or disabled? See Settings > Access Keys in the console.',
  ]
  const chosen = prismaId ?? customerName
  if (chosen !== null)
    sentences.push(`Wrong tenant? The user of the key must belong to ${chosen} (prismaId or customerName).`)
  return sentences.join(' ')
}

/** Extends the session that `token` belongs to. */
export function extend(auth: AuthApi, token: Secret): Promise<Step<Secret>> {
  return auth.extend(token).then(
    extended => good('extend', 'ok', extended.token),
    (error: Error) => bad('extend', error.message),
  )
}
