import t from 'tap'
import { expose } from '../../src/telemetry/metrics/exposition.ts'

t.test('families are rendered one after the other, each with help, type and samples', async t => {
  const text = expose([
    { name: 'a_total', help: 'How many.', type: 'counter', samples: [{ labels: { x: '1', y: '2' }, value: 3 }] },
    { name: 'b', help: 'How much.', type: 'gauge', samples: [{ labels: {}, value: 0.5 }] },
    { name: 'c', help: 'None.', type: 'histogram', samples: [{ suffix: '_sum', labels: {}, value: 0 }] },
  ])
  t.equal(
    text,
    [
      '# HELP a_total How many.',
      '# TYPE a_total counter',
      'a_total{x="1",y="2"} 3',
      '# HELP b How much.',
      '# TYPE b gauge',
      'b 0.5',
      '# HELP c None.',
      '# TYPE c histogram',
      'c_sum 0',
      '',
    ].join('\n'),
  )
})

t.test('label values are escaped', async t => {
  const [, , line] = expose([
    { name: 'a', help: '', type: 'gauge', samples: [{ labels: { x: 'back\\slash "quote"\nline' }, value: 1 }] },
  ]).split('\n')
  t.equal(line, 'a{x="back\\\\slash \\"quote\\"\\nline"} 1')
})
