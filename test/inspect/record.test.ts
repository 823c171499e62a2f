import t from 'tap'
import { type RequestFacts, recordOf, shownHeaders } from '../../src/inspect/record.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { makeRecord } from './rig.ts'

const SECRETS = [new Secret('not/a+secret-key=')]

function targetOf(target: string, secrets = SECRETS): string {
  const { number, change, ...facts } = makeRecord({ target })
  const all: RequestFacts = { ...facts, requestHeaders: [], responseHeaders: [] }
  return recordOf(1, 1, all, secrets).target
}

t.test('a target shows no credentials in its query, and no known secret anywhere', async t => {
  t.equal(targetOf('/v2/policy?policy.severity=high&x=1'), '/v2/policy?policy.severity=high&x=1')
  t.equal(targetOf('/v2/x?token=abcdef&a=1'), '/v2/x?token=[secret]&a=1')
  t.equal(targetOf('/v2/x?pageToken=abcdef'), '/v2/x?pageToken=abcdef', 'the token of a page is none')
  for (const coded of [
    'not/a+secret-key=',
    'not%2Fa%2Bsecret-key%3D',
    Buffer.from('not/a+secret-key=').toString('base64'),
  ]) {
    t.notMatch(targetOf(`/v2/${coded}/x`), 'secret-key')
    t.match(targetOf(`/v2/x?q=${coded}`), '[secret]')
  }
  t.equal(targetOf(`/${'x'.repeat(5_000)}`).length, 4_096)
})

t.test('headers show no credentials, and no known secret', async t => {
  t.same(shownHeaders(['Cookie', 'a=1', 'x-own', 'my not/a+secret-key= here', 'x-other', 'shown'], SECRETS), [
    ['Cookie', '[secret]'],
    ['x-own', 'my [secret] here'],
    ['x-other', 'shown'],
  ])
})
