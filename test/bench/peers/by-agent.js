import http from 'node:http'
import https from 'node:https'
import { CA, HEADERS, PORT, UPSTREAM } from './setting.js'

/** Serves by a proxy that takes the options of http-proxy. */
export function serve(createProxyServer) {
  const { Agent } = UPSTREAM.startsWith('https:') ? https : http
  const proxy = createProxyServer({
    target: UPSTREAM,
    agent: new Agent({ keepAlive: true, ca: CA }),
    headers: HEADERS,
    secure: true,
    changeOrigin: true,
  })
  http.createServer((request, response) => proxy.web(request, response)).listen(PORT, '127.0.0.1')
}
