// A proxy that parses the query writes it back in another order and encoding (kubernetes#14193 and its kind).
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('a query arrives as it was written', async t => {
  const { call } = await startPair(t)
  for (const query of ['b=1&a=2&b=3', 'a=%20+%2B&b', '&&=&a==', 'a[]=1&a[b]=2', '%zz', 'a=%e9', '?', 'x=/../y']) {
    const url = `/echo?${query}`
    t.equal((await call(url)).json().url, url)
  }
})
