import 'uplot/dist/uPlot.min.css'
import './page.css'
import { render } from 'preact'
import { follow } from './follow.ts'
import { now } from './state.ts'
import { App } from './views/app.tsx'

document.body.replaceChildren()
render(<App />, document.body)
setInterval(() => {
  now.value = Date.now()
}, 1_000)
void follow()
