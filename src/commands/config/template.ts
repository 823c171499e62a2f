import { shellQuoted } from '../terminal/shell.ts'
import type { Answers } from './answers.ts'
import { yamlComment, yamlValue } from './yaml-value.ts'

/** The files that a configuration names, by absolute path. They are next to it, except the one of the vendor's SDK. */
export interface NamedFiles {
  readonly accessKeyId: string
  readonly secretKey: string
  readonly clientToken: string
  /** The file that the vendor's SDK writes. */
  readonly credentials: string
}

/** Renders the configuration file for some answers. `hostName` is that of this machine. It contains no secret. */
export function renderConfig(answers: Answers, files: NamedFiles, hostName: string): string {
  return `# Written by prismacloud-proxy config init. Every key: prismacloud-proxy start --help
# What applies, and why: prismacloud-proxy config print --config FILE

tenants:
  default:
    # name of the stack, or URL of its console or API
    url: ${yamlValue(answers.url)}

${accessKey(answers, files)}

    # read-only: what only reads or exports; read-write: all that the access key permits
    access: ${answers.access}

listen:
${answers.usedBy === 'others' ? forOthers(files, hostName) : FOR_THIS_MACHINE}
`
}

function accessKey({ accessKey, command }: Answers, files: NamedFiles): string {
  if (accessKey === 'environment') return '    # the access key is in the environment: PC_IDENTITY and PC_SECRET'
  if (accessKey === 'command')
    return `    # prints the access key ID and the secret key; runs without a shell
    credentialCommand: ${yamlValue(command)}`
  if (accessKey === 'credentials-file')
    return `    # {"identity": …, "secret": …}, as Prisma Cloud's SDK writes it
    credentialsFile: ${yamlValue(files.credentials)}`
  return `    # each contains half of the access key, and nothing else; only you should be able to read them
    accessKeyIdFile: ${yamlValue(files.accessKeyId)}
    secretKeyFile: ${yamlValue(files.secretKey)}`
}

const FOR_THIS_MACHINE = `  # only programs on this machine reach this address; they need no token
  address: 127.0.0.1:9080`

/** Host names that `listen.trustedHosts` accepts. */
const HOST_NAME = /^[a-z0-9._-]+$/i

function forOthers({ clientToken }: NamedFiles, hostName: string): string {
  const names = HOST_NAME.test(hostName) ? [hostName.toLowerCase()] : []
  return `  # other machines reach this address
  address: 0.0.0.0:9080
  # clients send the token in this file: curl -u ":$(cat ${yamlComment(shellQuoted(clientToken))})" …
  clientTokenFile: ${yamlValue(clientToken)}
  # the names by which clients call this machine; its addresses need not be listed
  trustedHosts: ${yamlValue(names)}
  # Over http, everyone on the way can read the token. With a certificate, let others reach only the https address:
  # address: 127.0.0.1:9080
  # tlsAddress: 0.0.0.0:9443
  # tlsCertFile: /path/to/cert.pem
  # tlsKeyFile: /path/to/key.pem`
}
