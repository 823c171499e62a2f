import { readIdentity, type TlsError } from '../../tls/identity.ts'
import { type Fault, InvalidValue } from '../fault.ts'
import type { Settings } from '../schema/schema.ts'
import { type Given, settingOf } from '../schema/setting.ts'
import { attempt, faultOf } from '../schema/setting-faults.ts'
import { readLastingFile, readPemFile } from '../sources/text-file.ts'
import { parseAddress } from './address.ts'

type Listen = Settings['listen']

/** Checks the settings of https, and the files that they name. */
export async function checkTls(listen: Listen, given: Given, faults: Fault[]): Promise<void> {
  const fault = (key: string, problem: string, cure: string) =>
    faults.push(faultOf(settingOf(given, `listen.${key}`), { problem, cure }))
  const { tls, tlsAddress, tlsCertFile, tlsKeyFile } = listen
  if ('path' in parseAddress(tlsAddress))
    fault('tlsAddress', 'is a socket, which needs no https', 'expected host:port, e.g. 127.0.0.1:9443')
  if (tlsCertFile === null && tlsKeyFile === null) return
  if (tls === 'auto') return void fault('tls', 'conflicts with listen.tlsCertFile', 'remove one of the two')
  if (tlsCertFile === null) return void fault('tlsKeyFile', 'has no certificate', 'set listen.tlsCertFile, too')
  if (tlsKeyFile === null) return void fault('tlsCertFile', 'has no private key', 'set listen.tlsKeyFile, too')
  const cert = await attempt(settingOf(given, 'listen.tlsCertFile'), faults, () => readPemFile(tlsCertFile))
  const key = await attempt(settingOf(given, 'listen.tlsKeyFile'), faults, () => readLastingFile(tlsKeyFile))
  if (cert === undefined || key === undefined) return
  await attempt(settingOf(given, 'listen.tlsCertFile'), faults, () => checkPair(cert, key))
}

/** Checks that a certificate and a private key, both in PEM, belong together. Throws an `InvalidValue`. */
export function checkPair(cert: string, key: string): void {
  try {
    readIdentity(cert, key)
  } catch (error) {
    throw new InvalidValue(
      `cannot be used: ${(error as TlsError).message}`,
      'name a certificate and its private key, both in PEM',
    )
  }
}
