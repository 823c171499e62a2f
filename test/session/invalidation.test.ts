import t from 'tap'
import { judgeInvalidation } from '../../src/session/invalidation.ts'

t.test('what becomes of a token that was answered 401', async t => {
  const [yes, no, both] = [[true], [false], [true, false]]
  const rows = [
    { verdict: 'drop', named: yes, lately: no, accepted: both, callable: both },
    { verdict: 'doubt', named: no, lately: no, accepted: both, callable: yes },
    { verdict: 'keep', named: no, lately: no, accepted: both, callable: no },
    { verdict: 'drop', named: yes, lately: yes, accepted: no, callable: both },
    { verdict: 'keep', named: yes, lately: yes, accepted: yes, callable: both },
    { verdict: 'keep', named: no, lately: yes, accepted: both, callable: both },
  ]
  for (const { verdict, ...facts } of rows) {
    for (const named of facts.named)
      for (const lately of facts.lately)
        for (const accepted of facts.accepted)
          for (const callable of facts.callable) {
            const row = { named, lately, accepted, callable }
            t.equal(judgeInvalidation(row), verdict, JSON.stringify(row))
          }
  }
})
