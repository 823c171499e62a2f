// Prints the sockets that were passed to this process, or what is wrong with them.
import { passedSockets } from '../../src/commands/systemd/passed-sockets.ts'

try {
  const sockets = passedSockets(process.env, process.pid)
  console.log(JSON.stringify(sockets.map(({ key, address, origin, mode }) => ({ key, address, origin, mode }))))
} catch (error) {
  console.log((error as Error).message)
}
