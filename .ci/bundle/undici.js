// What is bundled of undici: what src/ and @fastify/reply-from use. Its own index also loads fetch, WebSocket, caches and
// mocks, half a megabyte that nobody calls.

import request from '../../node_modules/undici/lib/api/api-request.js'
import buildConnector from '../../node_modules/undici/lib/core/connect.js'
import errors from '../../node_modules/undici/lib/core/errors.js'
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js'
import Client from '../../node_modules/undici/lib/dispatcher/client.js'
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js'
import Pool from '../../node_modules/undici/lib/dispatcher/pool.js'

// as undici's index does
Dispatcher.prototype.request = request

export { Agent, buildConnector, Client, Dispatcher, errors, Pool }
