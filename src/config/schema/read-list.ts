import { InvalidElements, InvalidPart, InvalidValue, quote } from '../fault.ts'

/**
 * Reads each element of a list.
 * @throws {InvalidElements} with all that are not valid
 */
export function readList<T>(elements: readonly unknown[], read: (text: string) => T): T[] {
  const values: T[] = []
  const invalid: InvalidElements['elements'][number][] = []
  for (const [index, element] of elements.entries()) {
    try {
      values.push(read(textOf(element)))
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      const { problem, cure } = error
      invalid.push({
        index,
        cure,
        problem: error instanceof InvalidPart ? problem : `${subjectOf(element)} ${problem}`,
      })
    }
  }
  if (invalid.length > 0) throw new InvalidElements(invalid)
  return values
}

function textOf(element: unknown): string {
  const text = typeof element === 'string' ? element.trim() : undefined
  if (text === undefined)
    throw new InvalidValue('is not a text', 'Write a text, in quotes where YAML would read another value.')
  if (text === '') throw new InvalidValue('is empty', 'Leave it out.')
  return text
}

function subjectOf(element: unknown): string {
  return typeof element === 'string' ? quote(element.trim()) : 'the value'
}
