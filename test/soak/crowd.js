// Clients of overload.js, in a process of their own so that what they cost is not taken for the proxy's slowness.
import { quantile } from '../support/quantile.js'
import { ask } from './ask.js'

const { URL: url, CLIENTS: clients, MILLISECONDS: milliseconds } = process.env
const { served, refused, others } = await ask(url, Number(clients), Number(milliseconds))
console.log(JSON.stringify({ served: served.length, refused: refused.length, refusal: quantile(refused, 0.5), others }))
