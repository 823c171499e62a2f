import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { call } from '../support/http.ts'
import { type Manifest, manifestFaults } from '../support/kubernetes.ts'
import { issue, makeCa } from '../support/pki.ts'
import { startPair } from '../support/proxy.ts'

const FOLDER = resolve(import.meta.dirname, '../../config/kubernetes')

const textOf = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
const manifest = (file: string): Manifest => parse(textOf(file))

/** What a folder holds beside its kustomization. */
const filesIn = (form: string) => readdirSync(join(FOLDER, form)).filter(file => file !== 'kustomization.yaml')

/** The forms to deploy the proxy in, each with the file of its pod. */
const FORMS = { sidecar: 'sidecar/pod.yaml', job: 'job/job.yaml', gateway: 'gateway/deployment.yaml' }
const forms = Object.keys(FORMS) as (keyof typeof FORMS)[]

const { cert, key } = await issue(await makeCa(), { names: ['prismacloud-proxy'] })

/** The secrets by folder, as they are mounted. */
const SECRETS = {
  prismacloud: { 'access-key-id': DEMO_USER.accessKeyId, 'secret-key': DEMO_USER.secretKey },
  clients: { pipeline: '0123456789abcdef', dashboard: 'fedcba9876543210' },
  redis: { password: 'a-password' },
  tls: { 'tls.crt': cert, 'tls.key': key },
}

/** The specification of a form's pod, and the proxy's container in it. */
function podOf(form: keyof typeof FORMS) {
  const { kind, spec } = manifest(FORMS[form])
  const pod = kind === 'Pod' ? spec : spec.template.spec
  const [container] = pod.initContainers ?? pod.containers
  return { pod, container, labels: spec.template?.metadata?.labels }
}

/** The variables that a kustomization sets. */
function literals(form: string): string[][] {
  const { configMapGenerator = [] } = manifest(`${form}/kustomization.yaml`)
  return configMapGenerator.flatMap((map: { literals: string[] }) => map.literals.map(each => each.split(/=(.*)/)))
}

/** The configuration of a form, in a namespace. */
async function configOf(t: Test, form: keyof typeof FORMS): Promise<Config> {
  const secrets = t.testdir(SECRETS)
  const own = (podOf(form).container.env ?? []).map(({ name, value }: { name: string; value?: string }) => [
    name,
    value,
  ])
  const given: [string, string | undefined][] = [...literals('base'), ...literals(form), ...own]
  const put = (value = '') => value.replace('/run/secrets', secrets).replaceAll('$(POD_NAMESPACE)', 'tools')
  const env = Object.fromEntries(given.map(([name, value]) => [name, put(value)]))
  return loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
}

/** The values in an object, however deep, that are under a name. */
function all(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === name ? [inner] : all(inner, name)))
}

for (const form of ['base', ...forms])
  t.test(`${form}: every file is used and valid according to its schema`, async t => {
    const { resources = [] } = manifest(`${form}/kustomization.yaml`)
    t.strictSame(resources.filter((each: string) => each !== '../base').sort(), filesIn(form).sort())
    for (const file of filesIn(form)) t.strictSame(manifestFaults(manifest(`${form}/${file}`)), [], file)
  })

const MISTAKES: [file: string, right: string, wrong: string, at: string][] = [
  ['sidecar/pod.yaml', 'kind: Pod', 'kind: Pood', 'unknown kind: v1 Pood'],
  ['sidecar/pod.yaml', 'metadata:', 'metdata:', 'metdata'],
  ['sidecar/pod.yaml', 'restartPolicy: Always', 'restartPolcy: Always', 'restartPolcy'],
  ['sidecar/pod.yaml', 'sleep: { seconds: 5 }', 'sleep: { seconds: 5, secnds: 5 }', 'preStop/sleep/secnds'],
  ['sidecar/pod.yaml', 'secretName: prismacloud', 'secretName: prismacloud, secretNam: x', 'secret/secretNam'],
  ['sidecar/pod.yaml', 'periodSeconds: 1', 'periodSeconds: often', 'startupProbe/periodSeconds'],
  ['sidecar/pod.yaml', 'memory: 96Mi', 'memory: 96Mx', 'requests/memory'],
  ['sidecar/pod.yaml', 'type: RuntimeDefault', 'type: Default', 'seccompProfile/type'],
  ['job/job.yaml', 'backoffLimit:', 'backofLimit:', 'backofLimit'],
  ['job/job.yaml', 'restartPolicy: Never', 'restartPolicy: Seldom', 'restartPolicy'],
  ['job/job.yaml', 'drop: [ALL]', 'drp: [ALL]', 'capabilities/drp'],
  ['gateway/deployment.yaml', 'maxSkew: 1', 'maxScew: 1', 'maxSkew'],
  ['gateway/service.yaml', 'targetPort:', 'tagetPort:', 'tagetPort'],
  ['gateway/disruption-budget.yaml', 'maxUnavailable', 'maxUnavailble', 'maxUnavailble'],
  ['gateway/autoscaler.yaml', 'averageValue: 600m', 'averageValue: 600mm', 'averageValue'],
  ['gateway/network-policy.yaml', 'ipBlock:', 'ipblock:', 'ipblock'],
  ['gateway/pod-monitor.yaml', 'path: /_proxy', 'pth: /_proxy', 'pth'],
]

for (const [file, right, wrong, at] of MISTAKES)
  t.test(`${file} with ${wrong} is invalid`, async t => {
    t.match(textOf(file), right)
    t.match(manifestFaults(parse(textOf(file).replace(right, wrong))).join('\n'), at)
  })

for (const form of forms)
  t.test(`${form}: the proxy is configured as its pod says, and cannot change anything`, async t => {
    const { pod, container } = podOf(form)
    const config = await configOf(t, form)
    t.equal(config.tenants.get('default')?.api.stack, 'app2')
    t.strictSame(container.envFrom, [{ configMapRef: { name: 'prismacloud-proxy' } }])
    t.equal(config.admin.address, `0.0.0.0:${portOf(container, 'admin')}`)
    t.match(container.securityContext, { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    t.equal(pod.securityContext.runAsNonRoot, true)
    t.ok(container.resources.requests && container.resources.limits)
    const hook = container.lifecycle?.preStop.sleep.seconds ?? 0
    t.ok(((pod.terminationGracePeriodSeconds ?? 30) - hook) * 1000 > config.listen.drainTimeout)
    const mounts = container.volumeMounts.map(({ name, mountPath }: Record<string, string>) => [name, mountPath])
    t.strictSame(
      mounts,
      pod.volumes.map(({ name }: { name: string }) => [name, `/run/secrets/${name}`]),
    )
  })

const portOf = (container: Manifest, name: string): number =>
  container.ports.find((port: { name: string }) => port.name === name)?.containerPort

t.test('the proxy is a native sidecar of a tool and of a job', async t => {
  for (const form of ['sidecar', 'job'] as const) {
    const { container } = podOf(form)
    t.equal(container.restartPolicy, 'Always')
    t.equal(container.startupProbe.httpGet.path, '/_proxy/readyz')
    t.equal((await configOf(t, form)).listen.address, '127.0.0.1:9080', 'only its pod reaches it')
  }
})

t.test('every probe, and Prometheus, asks for what the admin port serves', async t => {
  const { app } = await startPair(t, { config: { admin: { address: '127.0.0.1:0' } } })
  await app.login()
  const at = new URL(`${await app.reports?.listen({ host: '127.0.0.1', port: 0 })}`)
  const probes = forms.flatMap(form => all(podOf(form).container, 'httpGet')) as { path: string; port: string }[]
  const { podMetricsEndpoints } = manifest('gateway/pod-monitor.yaml').spec
  t.equal(probes.length, 7)
  for (const { path, port } of [...probes, ...podMetricsEndpoints]) {
    t.equal(port, 'admin')
    t.equal((await call(Number(at.port), path)).status, 200, path)
  }
})

t.test('the gateway serves named clients by https at the names of its Service', async t => {
  const { listen, clients, fleet } = await configOf(t, 'gateway')
  const { container } = podOf('gateway')
  t.equal(listen.tlsAddress, `0.0.0.0:${portOf(container, 'https')}`)
  t.equal(listen.address, '127.0.0.1:9080')
  const { name } = manifest('gateway/service.yaml').metadata
  t.strictSame(listen.trustedHosts, [name, `${name}.tools`, `${name}.tools.svc`, `${name}.tools.svc.cluster.local`])
  t.match(clients, [{ name: 'pipeline' }, { name: 'dashboard', policy: { access: 'read-only' } }])
  t.match(fleet, { redisUrl: { tls: true }, redisPasswordFile: /redis\/password$/, name: 'gateway' })
})

t.test('what belongs to the gateway selects its pods, and names their ports', async t => {
  const { container, labels } = podOf('gateway')
  const manifests = filesIn('gateway').map(file => manifest(`gateway/${file}`))
  const selectors = manifests.flatMap(({ spec }) => [spec.selector, spec.podSelector, ...all(spec, 'labelSelector')])
  const chosen = selectors.filter(each => each !== undefined).map(each => each.matchLabels ?? each)
  t.equal(chosen.length, 7)
  for (const each of chosen) t.strictSame(each, labels)
  const ports = manifests.flatMap(({ spec }) => [...all(spec, 'targetPort'), ...all(spec, 'port')])
  for (const port of ports.filter(each => typeof each === 'string')) t.ok(portOf(container, `${port}`), `${port}`)
  const { scaleTargetRef, minReplicas } = manifest('gateway/autoscaler.yaml').spec
  const { apiVersion, kind, metadata, spec } = manifest('gateway/deployment.yaml')
  t.strictSame(scaleTargetRef, { apiVersion, kind, name: metadata.name })
  t.equal(minReplicas, 3)
  t.equal(spec.replicas, undefined, 'only the autoscaler says how many')
})

t.test('every secret that is mounted is one that the comments tell to create', async t => {
  const comments = `${textOf('base/kustomization.yaml')}${textOf('gateway/kustomization.yaml')}`
  const created = [...comments.matchAll(/create secret (?:generic|tls) (\S+)/g)].map(([, name]) => name)
  const mounted = podOf('gateway').pod.volumes.map(({ secret }: Manifest) => secret.secretName)
  t.strictSame(mounted, created)
})
