import http from 'node:http'
import https from 'node:https'
import httpProxy from 'http-proxy'
import { CA, HEADERS, PORT, UPSTREAM } from './setting.js'

const { Agent } = UPSTREAM.startsWith('https:') ? https : http
const proxy = httpProxy.createProxyServer({
  target: UPSTREAM,
  agent: new Agent({ keepAlive: true, ca: CA }),
  headers: HEADERS,
  secure: true,
  changeOrigin: true,
})
http.createServer((request, response) => proxy.web(request, response)).listen(PORT, '127.0.0.1')
