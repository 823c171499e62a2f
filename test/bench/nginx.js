import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from '../support/child.js'
import { SERVER_NAME } from './certificate.js'
import { makeToken } from './token.js'

/** What the upstream answers: a small page of a list. */
const ANSWER = JSON.stringify([
  { policyId: '0f5a3b8e-9c1d-4e2f-8a7b-6c5d4e3f2a1b', name: 'Bucket is public', severity: 'high', enabled: true },
  { policyId: '7d6c5b4a-3f2e-4d1c-9b8a-0f1e2d3c4b5a', name: 'Root has access keys', severity: 'high', enabled: true },
])

/**
 * Seconds that the token of a login lives, so that it is extended during the warm-up. From then on V8 makes the code that
 * auth calls share with forwarding for both, and it is how a proxy is for all of its life but the first minutes.
 */
const FIRST_LIFETIME = 20

/** More idle connections than there are ever connections of clients. */
const KEPT_CONNECTIONS = 1_024

/**
 * Starts the API's stand-in: it logs in everybody, extends their token once, and answers what carries a token. Plain at
 * `ports.http`, over TLS at `ports.https`, with the certificate in `folder`.
 */
export function startUpstream(folder, ports, token) {
  const login = JSON.stringify({ token: makeToken(FIRST_LIFETIME), message: 'login_successful' })
  const extension = JSON.stringify({ token })
  return startNginx('the upstream', folder, 'upstream', [
    'server {',
    `listen 127.0.0.1:${ports.http};`,
    `listen 127.0.0.1:${ports.https} ssl;`,
    `ssl_certificate ${join(folder, 'cert.pem')};`,
    `ssl_certificate_key ${join(folder, 'key.pem')};`,
    'default_type application/json;',
    `location = /login { return 200 '${login}'; }`,
    `location = /auth_token/extend { return 200 '${extension}'; }`,
    `location / { if ($http_x_redlock_auth = "") { return 401; } return 200 '${ANSWER}'; }`,
    '}',
  ])
}

/** Starts nginx as a proxy at `port` that sets the header. */
export function startProxy(folder, port, upstream, token) {
  const { protocol, host } = new URL(upstream)
  return startNginx('nginx', folder, `proxy-${port}`, [
    `upstream api { server ${host}; keepalive ${KEPT_CONNECTIONS}; }`,
    'server {',
    `listen 127.0.0.1:${port};`,
    'proxy_http_version 1.1;',
    'proxy_set_header connection "";',
    'client_max_body_size 0;',
    'proxy_request_buffering off;',
    'proxy_max_temp_file_size 0;',
    `proxy_set_header x-redlock-auth ${token};`,
    'proxy_ssl_verify on;',
    `proxy_ssl_name ${SERVER_NAME};`,
    `proxy_ssl_trusted_certificate ${join(folder, 'cert.pem')};`,
    `location / { proxy_pass ${protocol}//api; }`,
    '}',
  ])
}

/** One process, with nothing outside of `folder`, that closes no connection. */
function startNginx(name, folder, file, http) {
  const path = join(folder, `${file}.conf`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${join(folder, `${file}-${kind}`)};`,
  )
  const lines = [
    'daemon off;',
    'master_process off;',
    `pid ${join(folder, `${file}.pid`)};`,
    'error_log stderr;',
    'events { worker_connections 16384; }',
    'http {',
    'access_log off;',
    'keepalive_timeout 1h;',
    'keepalive_requests 1000000000;',
    ...temporary,
    ...http,
    '}',
  ]
  writeFileSync(path, `${lines.join('\n')}\n`)
  return new Child(name, 'nginx', ['-p', folder, '-e', 'stderr', '-c', path])
}
