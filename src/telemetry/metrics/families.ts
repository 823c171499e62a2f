import type { Family, Sample } from './exposition.ts'

type MakeFamily = (name: string, help: string, samples: Iterable<Sample>) => Family

/** Makes a metric of this type, under the proxy's prefix. */
export function family(type: Family['type']): MakeFamily {
  return (name, help, samples) => ({ name: `prismacloud_proxy_${name}`, help, type, samples })
}

/** Makes a counter under the proxy's prefix. */
export const counter: MakeFamily = family('counter')

/** Makes a gauge under the proxy's prefix. */
export const gauge: MakeFamily = family('gauge')

/** Makes a histogram under the proxy's prefix. */
export const histogram: MakeFamily = family('histogram')
