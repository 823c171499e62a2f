/** The width of the column of names. */
const NAME_WIDTH = 12

/**
 * What a soak has shown, for people.
 * @param {import('./verdict.js').Facts} facts
 * @param {readonly string[]} reasons for which it failed
 */
export function report({ seconds, tally, incidents, session, memory, exits }, reasons) {
  const rate = Math.round(tally.requests / seconds)
  const slowest = (tally.slowest / 1000).toFixed(1)
  return [
    ...row('requests', `${tally.requests} in ${seconds} s (${rate}/s), the slowest answered after ${slowest} s`),
    ...row('rotations', `${session.generation} tokens, from ${calls(session)}`),
    ...row('401s', tally.unauthorized),
    ...row('replays', `${session.replays} by the proxy's count, ${tally.replayed} seen by clients`),
    ...row('errors', ...[...tally.errors].map(([kind, { count, example }]) => `${count} × ${kind}: ${example}`)),
    ...row('incidents', ...[...incidents].sort().map(describeIncident)),
    ...row('memory', memory ? describeMemory(memory) : 'not measured'),
    ...row('exit codes', `proxy ${exits.proxy}, simulator ${exits.simulator}`),
    ...(reasons.length === 0 ? ['OK'] : reasons.map(reason => `FAILED: ${reason}`)),
  ].join('\n')
}

/** A name and its values, one on each line. */
function row(name, ...values) {
  const [first = 'none', ...others] = values
  return [name.padEnd(NAME_WIDTH) + first, ...others.map(value => ' '.repeat(NAME_WIDTH) + value)]
}

function calls({ logins, extensions }) {
  return `${logins} logins and ${extensions} extensions, counting those that failed`
}

function describeIncident([name, { incidents, struck }]) {
  return `${incidents} × ${name}, met by ${struck} calls`
}

function describeMemory({ start, end }) {
  return `${start.toFixed(1)} MB once settled, ${end.toFixed(1)} MB at the end, ${(end - start).toFixed(1)} MB more`
}
