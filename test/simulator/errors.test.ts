import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { errorShapes } from '../../src/simulator/index.ts'
import { reasons, rig } from './client.ts'

t.test('every known error shape can be requested by name and is returned byte for byte', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  for (const [name, shape] of Object.entries(errorShapes)) {
    const reply = await call(`/errors/${name}`, { token })
    t.equal(reply.status, shape.status, name)
    t.match(reply.headers, shape.headers)
    t.ok(reply.body.equals(Buffer.from(shape.body)), name)
  }
})

t.test('the shapes are what their names say', async t => {
  t.equal(JSON.parse(String(errorShapes['header-several'].headers['x-redlock-status'])).length, 2)
  t.equal(JSON.parse(String(errorShapes.flat.body)).target, 'resourceId')
  t.throws(() => JSON.parse(String(errorShapes.cut.body)))
  t.equal(JSON.parse(gunzipSync(errorShapes.compressed.body).toString()).code, 'BAD_REQUEST')
})

t.test('the status of an error can be set to any error status', async t => {
  const { call, login } = await rig(t)
  const token = await login()
  t.equal((await call('/errors/html?status=504', { token })).status, 504)
  for (const status of ['200', '600', 'x', '404.5']) {
    const reply = await call(`/errors/html?status=${status}`, { token })
    t.equal(reply.status, 400)
    t.match(reasons(reply), [{ subject: 'status' }])
  }
})

t.test('an unknown shape is 404', async t => {
  const { call, login } = await rig(t)
  t.equal((await call('/errors/toString', { token: await login() })).status, 404)
})
