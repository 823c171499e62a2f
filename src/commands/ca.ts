import { X509Certificate } from 'node:crypto'
import { type Flag, readArguments, takeCommand } from '../kernel/arguments.ts'
import { systemClock } from '../kernel/clock.ts'
import { openAuthority, replaceAuthority, type StoredAuthority } from '../tls/authority-file.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import type { Command } from './command.ts'
import { ExitCode, fail } from './host.ts'
import { shellQuoted } from './terminal/shell.ts'

const FLAGS: readonly Flag[] = [
  {
    name: '--json',
    kind: 'switch',
    text: 'Print one JSON object: certificateFile, certificate (PEM), sha256 and validUntil.',
  },
]

/** What each form of the command says to people; all of them say the same to programs. */
const actions = {
  show: { open: openAuthority, say: describe },
  print: { open: openAuthority, say: ({ root }: StoredAuthority) => root },
  rotate: {
    open: replaceAuthority,
    say: (authority: StoredAuthority) =>
      `The CA was replaced. Clients must trust the new certificate and can remove the old one.\n\n${describe(authority)}`,
  },
} as const

/** The `ca` command: shows, prints or replaces the local CA. */
export const ca: Command = {
  summary: 'Show, print or replace the local CA, and how to trust it',
  usage: ['ca [print | rotate] [--json]'],
  paragraphs: [
    'Shows the local certificate authority and how to make clients trust it. listen.tls: auto, connect.enabled and exec sign their certificates with it. It is created on first use.',
  ],
  flags: FLAGS,
  subcommands: {
    print: {
      summary: 'Print the certificate as PEM',
      usage: ['ca print [--json]'],
      paragraphs: ['Prints the certificate of the local CA as PEM. It is created on first use.'],
      flags: FLAGS,
      examples: [],
    },
    rotate: {
      summary: 'Replace the CA',
      usage: ['ca rotate [--json]'],
      paragraphs: [
        'Replaces the local CA; a running proxy uses the new one within 5 seconds, and clients must trust it again.',
      ],
      flags: FLAGS,
      examples: [],
    },
  },
  examples: [
    { purpose: 'Show how clients trust the CA', line: 'prismacloud-proxy ca' },
    { purpose: 'Write its certificate to a file', line: 'prismacloud-proxy ca print > proxy-ca.pem' },
  ],
  async run(host) {
    const [name = 'show', rest] = takeCommand(host.args, ['print', 'rotate'])
    const asJson = readArguments(rest, FLAGS).length > 0
    const { open, say } = actions[name]
    const authority = await open(stateDirectory(host.env, host.homeDirectory), systemClock.now()).catch(
      (error: Error) => error,
    )
    if (authority instanceof Error) return fail(host, authority)
    host.stdout.write(asJson ? `${JSON.stringify(factsOf(authority))}\n` : say(authority))
    return ExitCode.good
  },
}

function factsOf({ rootFile, root }: StoredAuthority) {
  const { fingerprint256, validTo } = new X509Certificate(root)
  return {
    certificateFile: rootFile,
    certificate: root,
    sha256: fingerprint256,
    validUntil: new Date(validTo).toISOString(),
  }
}

function describe(authority: StoredAuthority): string {
  const { certificateFile, sha256, validUntil } = factsOf(authority)
  const file = shellQuoted(certificateFile)
  return `certificate  ${certificateFile}
SHA-256      ${sha256}
valid until  ${validUntil.slice(0, 10)}
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
