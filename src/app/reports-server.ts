import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type ReportsOptions, reports } from '../admin/admin.ts'
import { homePage } from '../admin/home-page.ts'
import { type InspectionOptions, inspection } from '../admin/inspection.ts'
import { page } from '../admin/page.ts'
import { problemPages } from '../admin/problem-pages.ts'
import type { Config } from '../config/config.ts'
import { leaveBodiesAlone } from '../forward/route.ts'
import { linger } from '../http/lingering-close.ts'
import { Problem } from '../problem/problem.ts'
import { routeOf } from '../request/own-path.ts'
import { type AuthenticateOptions, admitReaders, authenticate, keepToThisMachine } from '../server/authenticate.ts'
import { answerClientError } from '../server/client-error.ts'
import { Connections } from '../server/connections.ts'
import { handleErrors } from '../server/error-handler.ts'
import { type ObserveOptions, observeUncounted } from '../server/observe.ts'
import { answerOnSocket } from '../server/socket-response.ts'
import { listenAt, makeListeners, type Place } from './listeners.ts'
import { createServer } from './server.ts'

/** The most open connections: enough for probes and scrapers, and few for strangers to occupy memory with. */
const MOST_CONNECTIONS = 100

/** What is said to whoever asks for anything else. */
const ADVICE = 'this address serves only the page /_proxy/ and what it shows, livez, readyz, metrics and status'

/** Shows everything to everyone, like a proxy without clients. */
const FOR_EVERYONE: Pick<Config, 'clients'> = { clients: [] }

/** What {@link createReportsServer} needs. */
export interface ReportsServerOptions
  extends Omit<InspectionOptions, 'config'>,
    Omit<ReportsOptions, 'config'>,
    Omit<AuthenticateOptions, 'config'>,
    Pick<ObserveOptions, 'log' | 'loggedRequests'> {
  readonly config: () => Config
}

/** The server at `admin.address`, which does not listen yet. */
export interface ReportsServer {
  /** Starts to listen, and resolves to a URL with the port in use. Rejects as `net.Server` does. */
  listen(place: Place): Promise<string>
  /** Stops listening, and cuts off whoever is still connected. */
  close(): Promise<void>
}

/**
 * Creates the server for `admin.address`. It reports on the proxy to whoever reaches it, and forwards nothing. Its
 * requests are neither counted nor refused while the proxy shuts down, so that probes and metrics last until the end.
 */
export async function createReportsServer(options: ReportsServerOptions): Promise<ReportsServer> {
  const { clock, log } = options
  const maxConnections = () => MOST_CONNECTIONS
  const app = createServer({
    route: request => routeOf(request, () => true),
    onClientError: (error, socket) => answerClientError(error, socket, connections.latestOn(socket), clock),
  })
  const advice = `admin.address accepts ${MOST_CONNECTIONS} at one time`
  const connections: Connections = new Connections(app.server, { clock, max: maxConnections, advice })
  const { second } = makeListeners(app, { clock, log, certificates: null, authority: null, maxConnections })
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerOnSocket(socket, new Problem('invalid-request', `CONNECT is not possible here; ${ADVICE}`))
    socket.on('error', () => {}).resume()
    linger(socket, clock)
  })
  observeUncounted(app, { ...options, connections })
  leaveBodiesAlone(app)
  admitReaders(app, options)
  handleErrors(app, ADVICE)
  await app.register(reports, { ...options, config: () => FOR_EVERYONE })
  await app.register(async part => {
    // unlike the reports, requests are shown only to those who may see them at the address of the proxy
    authenticate(part, options)
    if (options.recorder) keepToThisMachine(part, options)
    await part.register(inspection, options)
    await part.register(homePage, options)
    await part.register(problemPages)
    if (options.recorder) await part.register(page, { ...options, sessions: null })
  })
  return {
    listen: place => listenAt(app, second, place),
    async close() {
      app.server.close()
      app.server.closeAllConnections()
      await app.close()
    },
  }
}
