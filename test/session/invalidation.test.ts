import t from 'tap'
import { judgeInvalidation } from '../../src/session/invalidation.ts'

t.test('what happens to a token after a 401', async t => {
  const [yes, no, both] = [[true], [false], [true, false]]
  const rows = [
    { verdict: 'drop', named: yes, grounded: yes, proven: both, again: both, callable: both },
    { verdict: 'doubt', named: no, grounded: yes, proven: both, again: both, callable: yes },
    { verdict: 'keep', named: no, grounded: yes, proven: both, again: both, callable: no },
    { verdict: 'drop', named: yes, grounded: no, proven: no, again: no, callable: both },
    { verdict: 'keep', named: yes, grounded: no, proven: yes, again: both, callable: both },
    { verdict: 'keep', named: yes, grounded: no, proven: no, again: yes, callable: both },
    { verdict: 'keep', named: no, grounded: no, proven: both, again: both, callable: both },
  ]
  for (const { verdict, ...facts } of rows) {
    for (const named of facts.named)
      for (const grounded of facts.grounded)
        for (const proven of facts.proven)
          for (const again of facts.again)
            for (const callable of facts.callable) {
              const row = { named, grounded, proven, again, callable }
              t.equal(judgeInvalidation(row), verdict, JSON.stringify(row))
            }
  }
})
