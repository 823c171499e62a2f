import { readIdentity, type TlsError } from '../../tls/identity.ts'
import { type Fault, InvalidValue } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import { attempt, faultOf, type Given, settingOf } from '../schema/setting.ts'
import { readLastingFile, readPemFile } from '../sources/text-file.ts'
import { parseAddress } from './address.ts'

type Listen = Settings['listen']

/** Whether clients can speak https. */
export function hasTls({ tls, tlsCertFile }: Listen): boolean {
  return tls === 'auto' || tlsCertFile !== null
}

/** Finds what is wrong with the settings of https, and with the files that they name. */
export async function checkTls(listen: Listen, given: Given, faults: Fault[]): Promise<void> {
  const fault = (key: string, problem: string, cure: string) =>
    faults.push(faultOf(settingOf(given, `listen.${key}`), { problem, cure }))
  const { tls, tlsAddress, tlsCertFile, tlsKeyFile } = listen
  if ('path' in parseAddress(tlsAddress))
    fault('tlsAddress', 'is a socket, which needs no https', 'Write host:port, such as 127.0.0.1:9443.')
  if (tlsCertFile === null && tlsKeyFile === null) return
  if (tls === 'auto')
    return void fault('tls', 'is not needed where there is a certificate', 'Keep listen.tls or listen.tlsCertFile.')
  if (tlsCertFile === null) return void fault('tlsKeyFile', 'has no certificate', 'Set listen.tlsCertFile too.')
  if (tlsKeyFile === null) return void fault('tlsCertFile', 'has no key', 'Set listen.tlsKeyFile too.')
  const cert = await attempt(settingOf(given, 'listen.tlsCertFile'), faults, () => readPemFile(tlsCertFile))
  const key = await attempt(settingOf(given, 'listen.tlsKeyFile'), faults, () => readLastingFile(tlsKeyFile))
  if (cert === undefined || key === undefined) return
  await attempt(settingOf(given, 'listen.tlsCertFile'), faults, () => checkPair(cert, key))
}

function checkPair(cert: string, key: string): void {
  try {
    readIdentity(cert, key)
  } catch (error) {
    throw new InvalidValue(
      `cannot be used: ${(error as TlsError).message}`,
      'Name a certificate and its key, both in PEM.',
    )
  }
}
