/** The environment without npm's own settings, such as --dry-run: they are for the npm that runs a script, not for others. */
export const withoutNpmSettings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)),
)
