// The link in a process of its own, so that its work delays nobody else's.
import { startFarLink } from '../../support/far-link.ts'

const { TARGET, ROUND_TRIP } = process.env

const { port } = await startFarLink(Number(TARGET), { roundTrip: Number(ROUND_TRIP) })
console.log(`port ${port}`)
