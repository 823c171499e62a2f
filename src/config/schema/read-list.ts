import { describe, InvalidElements, InvalidPart, InvalidValue, MalformedValue, quote } from '../fault.ts'

/**
 * Reads each element of a list.
 * @throws {InvalidElements} with every element that is not valid
 */
export function readList<T>(elements: readonly unknown[], read: (text: string) => T): T[] {
  const values: T[] = []
  const invalid: InvalidElements['elements'][number][] = []
  for (const [index, element] of elements.entries()) {
    try {
      values.push(read(textOf(element)))
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      invalid.push({ index, problem: describe(error, quoteElement(element)), cure: error.cure })
    }
  }
  if (invalid.length > 0) throw new InvalidElements(invalid)
  return values
}

function textOf(element: unknown): string {
  if (typeof element !== 'string')
    throw new MalformedValue('invalid value', 'expected a string; quote it if YAML reads it as anything else')
  const text = element.trim()
  if (text === '') throw new InvalidPart('the element is empty', 'remove it')
  return text
}

function quoteElement(element: unknown): string | null {
  return typeof element === 'string' ? quote(element.trim()) : null
}
