/** What a user must know about the flags of the configuration, one paragraph each. */
export const CONFIG_NOTES: readonly string[] = [
  'DURATION is a whole number with unit ms, s, m or h; SIZE is a whole number with unit B, KiB or MiB; LIST is comma-separated (rules: semicolon-separated).',
  'Flags override environment variables (--log-level is PRISMACLOUD_PROXY_LOG_LEVEL), which override the file.',
  'The flags from --url to --customer-name apply to the default tenant. Secrets are never flags: use the environment (PC_URL, PC_IDENTITY, PC_SECRET), files, or a command that the configuration file names.',
]
