import { X509Certificate } from 'node:crypto'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { openAuthority, replaceAuthority, type StoredAuthority } from '../tls/authority-file.ts'
import { stateDirectory } from '../tls/state-directory.ts'
import { type Command, ExitCode, fail, unknownArgument } from './host.ts'
import { shellQuoted } from './terminal/shell.ts'

type Action = (folder: string, clock: Clock) => Promise<string>

const actions: ReadonlyMap<string | undefined, Action> = new Map<string | undefined, Action>([
  [undefined, async (folder, clock) => describe(await openAuthority(folder, clock.now()))],
  ['print', async (folder, clock) => (await openAuthority(folder, clock.now())).root],
  [
    'rotate',
    async (folder, clock) => `This CA takes the place of the former, which clients need not trust any more.

${describe(await replaceAuthority(folder, clock.now()))}`,
  ],
])

/** The authority of `listen.tls: auto`. */
export const ca: Command = {
  summary: 'Show, print or replace the local CA of https, and how clients trust it',
  help: () => `Usage: prismacloud-proxy ca [print | rotate]

Shows the certificate authority that listen.tls: auto, connect.enabled and exec sign certificates with, and how clients are
told to trust it.
It is made when it is first needed.

print writes its certificate, in PEM, to standard output.
rotate makes another, which a running proxy uses within 5 seconds; clients have to trust it anew.
`,
  async run(host) {
    const [name, ...rest] = host.args
    const action = actions.get(name)
    if (action === undefined || rest.length > 0) throw unknownArgument('ca', `${rest[0] ?? name}`, ['print', 'rotate'])
    const text = await action(stateDirectory(host.env, host.homeDirectory), systemClock).catch((error: Error) => error)
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
vouches for  localhost and the names below it, 127.0.0.0/8, ::1, and Prisma Cloud's API hosts and Compute consoles

Clients trust it so:
  curl       curl --cacert ${file} https://localhost:9443/v2/policy
  Python     export SSL_CERT_FILE=${file} REQUESTS_CA_BUNDLE=${file}
  Node.js    export NODE_EXTRA_CA_CERTS=${file}
  Java       keytool -importcert -noprompt -alias prismacloud-proxy -file ${file} -keystore trust.p12 -storepass changeit
             java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit …
  Git Bash   export CURL_CA_BUNDLE="$(cygpath -m ${file})"

All but that of Node.js take the place of what the client trusts otherwise: set them for clients of the proxy alone.
`
}
