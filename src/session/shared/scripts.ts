import { script } from '../../fleet/script.ts'

// The record of a shared session is a hash:
//   generation  the number of the latest outcome of an auth call; it grows, and starts at the store's time, so that it
//               also grows if the store lost what it had
//   sealed      the outcome: a token or a failure, encrypted
//   life, till  how long the outcome was valid when it was new, and until when it is, in milliseconds
//   caller, end the session that makes a call now, and when it is replaced if it does not say that it goes on

/** How long a record is kept after it is of no more use, in milliseconds. */
const KEPT = 60 * 60_000

const RECORD = `
local function field(name) return redis.call('HGET', KEYS[1], name) end
local function number(name) return tonumber(field(name) or 0) end
local generation = number('generation')
`

/**
 * Asks for an outcome newer than a known one, or for the right to make the next call. Arguments: the session, the
 * known generation, how long the right lasts, and for how long the generation is known. An outcome of an earlier
 * generation is newer, too, if it was stored since then: the store had lost the known one. Answers `news`, generation,
 * outcome, lifetime and time left; or `busy` and for how long; or `call` and the generation that the call starts from. A
 * right that lasts 0 ms is not given: who asks for it only looks.
 *
 * What would last longer than it ever can is not believed: the store's clock was set back.
 */
export const CLAIM = script(
  'claim',
  `${RECORD}
local left, life = number('till') - now, number('life')
local known, age = tonumber(ARGV[2]), tonumber(ARGV[4])
local isLater = generation > 0 and generation < known and life - left < age
if (generation > known or isLater) and left > 0 and left <= life then
  return { 'news', tostring(generation), field('sealed'), tostring(life), tostring(left) }
end
local busy, most = number('end') - now, tonumber(ARGV[3])
if most == 0 or busy > 0 and busy <= most and field('caller') ~= ARGV[1] then
  return { 'busy', tostring(math.max(0, busy)) }
end
redis.call('HSET', KEYS[1], 'caller', ARGV[1], 'end', now + most)
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(left, most) + ${KEPT}))
return { 'call', tostring(generation) }
`,
)

/** Prolongs the right to make a call while it is in progress. Arguments: the session, and how long the right lasts. */
export const GO_ON = script(
  'go-on',
  `
if redis.call('HGET', KEYS[1], 'caller') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'end', now + tonumber(ARGV[2]))
end
return 1
`,
)

/**
 * Ends a call and stores its outcome, unless another has been stored since it began; tells the other members. Arguments:
 * the session, the generation that the call started from, the known generation, the outcome (empty if there is none for
 * others), its lifetime, the time left, the channel, and the message before the generation. Answers the new generation,
 * or nil if another outcome was stored.
 */
export const SETTLE = script(
  'settle',
  `${RECORD}
if field('caller') == ARGV[1] then redis.call('HDEL', KEYS[1], 'caller', 'end') end
if ARGV[4] == '' then
  redis.call('PUBLISH', ARGV[7], ARGV[8] .. string.format('%.0f', generation))
  return true
end
if generation ~= tonumber(ARGV[2]) then return false end
local following = math.max(generation + 1, tonumber(ARGV[3]) + 1, math.floor(now))
local text = string.format('%.0f', following)
redis.call('HSET', KEYS[1], 'generation', text, 'sealed', ARGV[4], 'life', ARGV[5], 'till', now + ARGV[6])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[6] + ${KEPT}))
redis.call('PUBLISH', ARGV[7], ARGV[8] .. text)
return text
`,
)
