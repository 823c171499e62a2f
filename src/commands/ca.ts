import { X509Certificate } from 'node:crypto'
import { readArguments, takeCommand } from '../kernel/arguments.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { openAuthority, replaceAuthority, type StoredAuthority } from '../tls/authority-file.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import { type Command, ExitCode, fail } from './host.ts'
import { shellQuoted } from './terminal/shell.ts'

type Action = (folder: string, clock: Clock) => Promise<string>

const actions = {
  show: async (folder, clock) => describe(await openAuthority(folder, clock.now())),
  print: async (folder, clock) => (await openAuthority(folder, clock.now())).root,
  rotate: async (
    folder,
    clock,
  ) => `The CA was replaced. Clients must trust the new certificate and can remove the old one.

${describe(await replaceAuthority(folder, clock.now()))}`,
} as const satisfies Readonly<Record<string, Action>>

/** The `ca` command: shows, prints or replaces the local CA. */
export const ca: Command = {
  summary: 'Show, print or replace the local CA, and how to trust it',
  help: () => `Usage: prismacloud-proxy ca [print | rotate]

Shows the local certificate authority and how to make clients trust it. listen.tls: auto, connect.enabled and exec sign
their certificates with it. It is created on first use.

  print    Print the certificate as PEM
  rotate   Replace the CA; a running proxy uses the new one within 5 seconds, and clients must trust it again
`,
  async run(host) {
    const [name = 'show', rest] = takeCommand(host.args, ['print', 'rotate'])
    readArguments(rest, new Map())
    const folder = stateDirectory(host.env, host.homeDirectory)
    const text = await actions[name](folder, systemClock).catch((error: Error) => error)
    if (text instanceof Error) return fail(host, text)
    host.stdout.write(text)
    return ExitCode.good
  },
}

function describe({ rootFile, root }: StoredAuthority): string {
  const [file, facts] = [shellQuoted(rootFile), new X509Certificate(root)]
  return `certificate  ${rootFile}
SHA-256      ${facts.fingerprint256}
valid until  ${new Date(facts.validTo).toISOString().slice(0, 10)}
valid for    localhost and its subdomains, 127.0.0.0/8, ::1, Prisma Cloud API hosts and Compute consoles

To trust it:
  curl       curl --cacert ${file} https://localhost:9443/v2/policy
  Python     export SSL_CERT_FILE=${file} REQUESTS_CA_BUNDLE=${file}
  Node.js    export NODE_EXTRA_CA_CERTS=${file}
  Java       keytool -importcert -noprompt -alias prismacloud-proxy -file ${file} -keystore trust.p12 -storepass changeit
             java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit …
  Git Bash   export CURL_CA_BUNDLE="$(cygpath -m ${file})"

All of these except NODE_EXTRA_CA_CERTS replace the certificates that a client trusts by default: set them only for
clients of the proxy.
`
}
