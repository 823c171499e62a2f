import t from 'tap'
import { RetryBudget } from '../../src/retry/retry-budget.ts'

const take = (budget: RetryBudget, tenant: string, tries: number) =>
  Array.from({ length: tries }, () => budget.take(tenant)).filter(Boolean).length

t.test('at most a tenth of all requests are retried, and ten to begin with', async t => {
  const budget = new RetryBudget()
  budget.earn('a')
  t.equal(take(budget, 'a', 20), 10)
  for (let request = 0; request < 25; request++) budget.earn('a')
  t.equal(take(budget, 'a', 20), 2)
})

t.test('no more than ten are saved up, and each tenant has its own', async t => {
  const budget = new RetryBudget()
  t.ok(budget.take('a'))
  for (let request = 0; request < 1_000; request++) budget.earn('a')
  t.equal(take(budget, 'a', 20), 10)
  t.equal(take(budget, 'b', 20), 10)
})
