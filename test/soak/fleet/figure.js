/** Prints a figure of the fleet beside what it has to be, and returns both. */
export function figure(what, value, isGood, required) {
  console.log(`${isGood ? 'ok    ' : 'NOT OK'} ${what}: ${value} (required: ${required})`)
  return { what, isGood, required }
}

/** Prints why members went on alone, and how often: on a machine that is too busy, Redis does not answer in time. */
export function tellOutages(children) {
  const reasons = children.flatMap(({ output }) =>
    [...output.matchAll(/until Redis is back: ([^"]*)/g)].map(([, reason]) => reason),
  )
  for (const reason of new Set(reasons)) {
    console.log(`       alone ${reasons.filter(each => each === reason).length} times: ${reason}`)
  }
}
