import type { AuthApi } from '../../auth/auth-api.ts'
import { AuthFailure } from '../../auth/auth-failure.ts'
import type { Config, CredentialSource, Credentials, TenantConfig } from '../../config/config.ts'
import type { Secret } from '../../kernel/secret.ts'
import { bad, good, type Step } from './finding.ts'

const SECOND = 1000

/** Reads an access key and tells where it comes from. */
export function readKey(source: CredentialSource): Promise<Step<Credentials>> {
  return source.read().then(
    key => good('credentials', `from ${source.origin}`, key),
    (error: Error) => bad('credentials', `cannot be read: ${error.message}`),
  )
}

/** Logs in, for a token. `advice` follows a refusal that does not say itself what to do. */
export function logIn(auth: AuthApi, key: Credentials, advice: string): Promise<Step<Secret>> {
  return auth.login(key).then(
    ({ token, lifetime }) => good('login', `ok: a session of ${Math.round(lifetime / SECOND)} s`, token),
    (error: Error) => {
      const isRefused = error instanceof AuthFailure && error.nature === 'rejected'
      if (!isRefused) return bad('login', error.message)
      const saysItself = namesSeveralTenants(error) || error.message.includes('sso_enabled')
      const cure = saysItself ? '' : `. ${advice}`
      return bad('login', `credentials refused: ${error.message}${cure}`, 'refused')
    },
  )
}

/** What to do about an access key that is refused. */
export function advise({ name, prismaId, customerName }: TenantConfig, { defaultTenant }: Config): string {
  const tenant = name === defaultTenant ? '' : ` --default-tenant ${name}`
  const sentences = [
    `Wrong stack? "prismacloud-proxy stacks find${tenant}" tells which one knows the key.`,
    'Expired or disabled? Look in the console under Settings > Access Keys.',
  ]
  const chosen = prismaId ?? customerName
  if (chosen !== null) sentences.push(`Does its user belong to ${chosen} (prismaId, customerName)?`)
  return sentences.join(' ')
}

/** Extends the session. */
export function extend(auth: AuthApi, token: Secret): Promise<Step<Secret>> {
  return auth.extend(token).then(
    extended => good('extend', 'ok', extended.token),
    (error: Error) => bad('extend', error.message),
  )
}

/** Whether the key is good, and was refused because its user belongs to several tenants and none was named. */
export function namesSeveralTenants({ message }: AuthFailure): boolean {
  return message.includes('user of several tenants')
}
