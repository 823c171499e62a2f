import t from 'tap'
import { recordName, Seal } from '../../src/fleet/seal.ts'
import { Secret } from '../../src/kernel/secret.ts'

const key = { accessKeyId: new Secret('MARK-key-id'), secretKey: new Secret('MARK-secret-key') }
const seal = new Seal({ purpose: ['default', 'https://api2.prismacloud.io'], ...key })

t.test('what is sealed can be opened with the same access key', async t => {
  const again = new Seal({ purpose: ['default', 'https://api2.prismacloud.io'], ...key })
  t.equal(again.name, seal.name)
  t.same(again.open(seal.close({ text: 'ü', secret: new Secret('MARK-token') })), { text: 'ü', secret: 'MARK-token' })
})

t.test('nothing of it can be read', async t => {
  const text = seal.close({ token: new Secret('MARK-token'), tenant: 'MARK-tenant' })
  const bytes = Buffer.from(text, 'base64').toString('latin1')
  for (const hidden of ['MARK', 'api2', 'default', 'token'])
    t.notOk((text + bytes + seal.name).includes(hidden), hidden)
})

t.test('two seals of one value differ', async t => {
  t.not(seal.close('value'), seal.close('value'))
})

t.test('it cannot be opened with another key, purpose, or after a change', async t => {
  const purpose = ['default', 'https://api2.prismacloud.io']
  const others = [
    new Seal({ purpose: ['other', 'https://api2.prismacloud.io'], ...key }),
    new Seal({ purpose, ...key, accessKeyId: new Secret('another id') }),
    new Seal({ purpose, ...key, secretKey: new Secret('another key') }),
  ]
  const sealed = seal.close('value')
  for (const other of others) {
    t.not(other.name, seal.name)
    t.equal(other.open(sealed), undefined)
  }
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
    t.equal(seal.open(changed), undefined)
  }
  for (const text of ['', 'A', sealed.slice(0, 30)]) t.equal(seal.open(text), undefined)
})

t.test('a record is named by what it belongs to, which its name does not show', async t => {
  const name = recordName('default', 'GET /alert', new Secret('someone@example.com'))
  t.equal(recordName('default', 'GET /alert', new Secret('someone@example.com')), name)
  t.not(recordName('default', 'GET', ' /alert', new Secret('someone@example.com')), name)
  t.match(name, /^[\w-]{43}$/)
})
