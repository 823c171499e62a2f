import type { BriefStatus, Status } from '../admin/status.ts'
import { type Flag, readArguments } from '../kernel/arguments.ts'
import { type Clock, lastingClock } from '../kernel/clock.ts'
import type { Command } from './command.ts'
import { ExitCode, fail, type Host } from './host.ts'
import { openClient, PROXY_FLAGS } from './running/open-client.ts'
import { linesDisplay, terminalDisplay } from './status/display.ts'
import { renderStatus } from './status/render.ts'
import { watch } from './status/watch.ts'
import { painter } from './terminal/colour.ts'
import { untilSignal } from './terminal/signal.ts'

type Shown = BriefStatus | Status

const FLAGS: readonly Flag[] = [
  {
    name: '--watch',
    kind: 'switch',
    text: 'Show it again every second, until SIGINT; if the output is no terminal, only when it has changed.',
  },
  { name: '--json', kind: 'switch', text: 'Print it as JSON, on one line, as /_proxy/status has it.' },
  ...PROXY_FLAGS,
]

/** The `status` command: shows the status of a running proxy. */
export const status: Command = statusCommand(lastingClock)

/** Makes the `status` command. Tests pass another clock. */
export function statusCommand(clock: Clock): Command {
  return {
    summary: 'Show the sessions, rate limits and fleet of a running proxy',
    usage: ['status [OPTIONS]'],
    paragraphs: [
      'Shows the status of a running proxy: its tenants with their sessions, the rate limits, the members of its fleet, and calls of deprecated operations. Where the proxy has clients, only an admin sees more than whether it is ready.',
    ],
    flags: FLAGS,
    examples: [
      { purpose: 'Watch it', line: 'prismacloud-proxy status --watch' },
      {
        purpose: 'Read the session of a tenant',
        line: 'prismacloud-proxy status --json | jq .tenants.default.session',
      },
    ],
    async run(host) {
      const given = new Map(readArguments(host.args, FLAGS))
      const client = await openClient(given)
      const read = async () => (await client.read('/_proxy/status')) as Shown
      const asJson = given.has('--json')
      const format = asJson ? (shown: Shown) => [JSON.stringify(shown)] : forPeople(host, clock)
      const show = async () => {
        const first = await read()
        if (!given.has('--watch')) return void host.stdout.write(`${format(first).join('\n')}\n`)
        const redraws = !asJson && host.stdout.isTTY === true && host.env.TERM !== 'dumb'
        const display = (redraws ? terminalDisplay : linesDisplay)(host, { format, between: asJson ? '' : '\n' })
        await watch({ clock, first, read, display, ended: untilSignal(host) })
      }
      return show()
        .then(
          () => ExitCode.good,
          (error: Error) => fail(host, error),
        )
        .finally(() => client.close())
    },
  }
}

function forPeople({ stdout, env }: Host, clock: Clock): (shown: Shown) => string[] {
  const paint = painter(stdout, env)
  return shown => renderStatus(shown, { paint, now: clock.now() })
}
