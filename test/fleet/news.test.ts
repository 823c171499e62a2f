import t from 'tap'
import { News } from '../../src/fleet/news.ts'

t.test('passes on numbers to those who listen for their topic', async t => {
  const news = new News()
  const heard: string[] = []
  const stop = news.on('a', value => heard.push(`1: ${value}`))
  news.on('a', value => heard.push(`2: ${value}`))
  for (const message of ['a 5', 'b 6', 'a', 'a x', 'a ', '']) news.tell(message)
  stop()
  stop()
  news.tell('a 7')
  t.same(heard, ['1: 5', '2: 5', '2: 7'])
})

t.test('a listener may end another, or itself, while it is told', async t => {
  const news = new News()
  const heard: number[] = []
  const stop = news.on('a', value => {
    heard.push(value)
    stop()
  })
  news.tell('a 1')
  news.tell('a 2')
  const again = news.on('a', value => heard.push(value))
  stop()
  news.tell('a 3')
  again()
  t.same(heard, [1, 3])
})

t.test('all listeners can be woken', async t => {
  const news = new News()
  const heard: string[] = []
  for (const topic of ['a', 'b']) news.on(topic, value => heard.push(`${topic}: ${value}`))
  news.wakeAll()
  t.same(heard, ['a: 0', 'b: 0'])
})
