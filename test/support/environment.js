// Takes out of the environment what the product, its libraries and its clients would follow there, so that no test depends
// on whose machine it runs at; what tap sets for its own colours goes with it. Loaded before each file of tests. A process
// that a test starts with the same loaders keeps what the test gives it.
const FOLLOWED =
  /^(PC|PRISMACLOUD|XDG)_|_PROXY$|^(NO_COLOR|FORCE_COLOR|NODE_DISABLE_COLORS|NODE_TLS_REJECT_UNAUTHORIZED)$/i

if (process.argv[1]?.endsWith('.test.ts')) {
  for (const name of Object.keys(process.env)) if (FOLLOWED.test(name)) delete process.env[name]
}
