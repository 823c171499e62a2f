import t from 'tap'
import { closeExposures } from '../../src/commands/serve/exposures.ts'

t.test(
  'options with which Node.js writes its memory or keys to files are warned of, however they are given',
  async t => {
    const rows: [execArgv: string[], nodeOptions: string | undefined, named: string | null][] = [
      [[], undefined, null],
      [['--max-semi-space-size=8', '--enable-source-maps'], '--no-warnings --report-dir=/tmp', null],
      [['--heapsnapshot-signal=SIGUSR2'], undefined, '--heapsnapshot-signal'],
      [[], '--heapsnapshot-near-heap-limit=2', '--heapsnapshot-near-heap-limit'],
      [[], '"--report-on-signal"  --report-on-signal', '--report-on-signal'],
      [['--report_on_fatalerror'], '', '--report-on-fatalerror'],
      [['--heap-prof'], '--tls-keylog=/tmp/keys', '--heap-prof, --tls-keylog'],
      [
        ['--report-uncaught-exception', '--abort-on-uncaught-exception'],
        '',
        '--report-uncaught-exception, --abort-on-',
      ],
    ]
    for (const [execArgv, nodeOptions, named] of rows) {
      const warnings = await closeExposures(execArgv, nodeOptions)
      if (named === null) t.strictSame(warnings, [])
      else t.match(warnings, [`Node.js runs with ${named}`])
    }
  },
)
