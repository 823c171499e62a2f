import type { Pair } from '../../http/raw-headers.ts'

/** A foldable table of headers, as they were sent. */
export function Headers({ title, headers }: { title: string; headers: readonly Pair[] }) {
  if (headers.length === 0) return null
  return (
    <details class="headers" open>
      <summary>
        {title} <small>{headers.length}</small>
      </summary>
      <table>
        <tbody>
          {headers.map(([name, value], at) => (
            // headers have no key of their own: a name may occur twice
            <tr key={at}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
