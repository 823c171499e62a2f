import http from 'node:http'
import fastProxy from 'fast-proxy'
import { CA, HEADERS, PORT, UPSTREAM } from './setting.js'

const { proxy } = fastProxy({ base: UPSTREAM, ca: CA })
const options = { rewriteRequestHeaders: (_request, headers) => ({ ...headers, ...HEADERS }) }
http.createServer((request, response) => proxy(request, response, request.url, options)).listen(PORT, '127.0.0.1')
