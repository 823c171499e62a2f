import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor'
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Pod } from 'kubernetes-models/v1/Pod'
import { Service } from 'kubernetes-models/v1/Service'

/** A manifest, as it was parsed. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  // biome-ignore lint/suspicious/noExplicitAny: its schema is what the tests are there to check
  readonly [field: string]: any
}

interface Model {
  validate(): void
}

/** The kinds that the examples use. */
const MODELS: Readonly<Record<string, new (content: never) => Model>> = {
  'v1 ConfigMap': ConfigMap,
  'v1 Pod': Pod,
  'v1 Service': Service,
  'apps/v1 Deployment': Deployment,
  'autoscaling/v2 HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'batch/v1 Job': Job,
  'monitoring.coreos.com/v1 PodMonitor': PodMonitor,
  'monitoring.coreos.com/v1 PrometheusRule': PrometheusRule,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
}

/** The faults of a manifest, according to the schemas of Kubernetes and the Prometheus Operator. */
export function manifestFaults(manifest: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`
  const Kind = MODELS[kind]
  if (Kind === undefined) return [`unknown kind: ${kind}`]
  const model = new Kind(manifest as never)
  // these models accept unknown fields, but never read them either
  const known = new Set<string>()
  const watch = <T extends object>(value: T, at: string): T =>
    new Proxy(value, {
      get(target, key) {
        const inner = Reflect.get(target, key)
        known.add(`${at}/${String(key)}`)
        return isObject(inner) ? watch(inner, `${at}/${String(key)}`) : inner
      },
    })
  try {
    watch(model, '').validate()
  } catch (error) {
    return [`${error}`]
  }
  return paths(model).filter(each => !known.has(each))
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The paths of all members of a value. */
function paths(value: object, to = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    `${to}/${key}`,
    ...(isObject(inner) ? paths(inner, `${to}/${key}`) : []),
  ])
}
