import { CONDITION_NAMES, isStatus, type RecordFilter } from '../../inspect/filter.ts'

/** A word that is a condition, such as `status:4xx`. */
const CONDITION = /^([a-z]+):(.+)$/

/**
 * Reads what somebody types into the filter: conditions such as `status:4xx` or `tenant:eu`, and any other words, all
 * of which a request must contain. A condition that is not complete yet counts as a word.
 */
export function parseFilter(typed: string): RecordFilter {
  const filter: Record<string, string> = {}
  const words = typed.split(/\s+/).filter(word => {
    const [, name = '', value = ''] = CONDITION.exec(word) ?? []
    if (!isCondition(name) || (name === 'status' && !isStatus(value))) return word !== ''
    filter[name] = value
    return false
  })
  return words.length === 0 ? filter : { ...filter, text: words.join(' ') }
}

function isCondition(name: string): boolean {
  return CONDITION_NAMES.some(each => each === name)
}
