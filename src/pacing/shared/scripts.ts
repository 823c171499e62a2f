import { script } from '../../fleet/script.ts'
import {
  MIN_RESERVE,
  OTHERS_HALF_LIFE,
  OTHERS_RATE_OF_ONE,
  RESERVE_HALF_LIFE,
  RESERVED_FRACTION,
  ROUNDING,
} from '../bucket.ts'
import { MAX_UNKNOWN } from '../in-flight.ts'

/** How long a limit is remembered after it was last used, in milliseconds. */
const KEPT = 60 * 60_000

/** How long a member's requests in flight count, in milliseconds, if it says nothing more: it may be gone. */
const FLIGHT = 60_000

/** How late a waiting member may ask again, in milliseconds, before it loses its place: it may be gone. */
const LATE = 500

/** When a member asks again that waits only until it is known whether there is a limit, in milliseconds. */
const LOOK = 100

/** How exact a time is that was stored as JSON, in milliseconds. */
const EXACT = 1

// A limit is one value of JSON. A member is here one tenant of a proxy, because each has a queue of its own:
//   isKnown  whether it is known if there is a limit
//   rate …   the bucket, if there is one: the fields of Bucket, and what it does with them, are the same
//   pause    until when nothing is sent, and paused, how long that was when it began
//   flight   for each member, its requests in flight, and when it said so
//   line     the members that wait for a token, the next one first, each with the time at which it asks again

const LIMIT = `
local text = redis.call('GET', KEYS[1])
local limit = text and cjson.decode(text) or { isKnown = false, pause = 0, flight = {}, line = {} }
local member = ARGV[1]

-- what is yet to come, or would last longer than it ever can, is not believed: the store's clock was set back
if limit.pause - now > (limit.paused or 0) + ${EXACT} then limit.pause = 0 end
if limit.othersAt then limit.othersAt = math.min(limit.othersAt, now) end
-- an earlier version stored limits without it
limit.othersRate = limit.othersRate or 0

local function save()
  redis.call('SET', KEYS[1], cjson.encode(limit), 'PX', ${KEPT})
end

local function fly(count)
  limit.flight[member] = { count, now }
end

local function inFlight()
  local sum = 0
  for id, entry in pairs(limit.flight) do
    local age = now - entry[2]
    if age > ${FLIGHT} or age < -${EXACT} then limit.flight[id] = nil else sum = sum + entry[1] end
  end
  return sum
end

local function open(rate, burst, tokens, reserve, othersRate)
  limit.isKnown = true
  limit.rate, limit.burst, limit.tokens, limit.lowest = rate, burst, tokens, tokens
  limit.at, limit.corrected, limit.othersAt = now, 0, now
  limit.reserve, limit.othersRate = reserve, othersRate
end

local function refill()
  local passed = math.max(0, now - limit.at)
  local more = limit.rate * passed / 1000
  limit.tokens = math.min(limit.burst, limit.tokens + more)
  limit.lowest = math.min(limit.burst, limit.lowest + more)
  limit.reserve = ${MIN_RESERVE} + (limit.reserve - ${MIN_RESERVE}) * 2 ^ (-passed / ${RESERVE_HALF_LIFE})
  limit.othersRate = limit.othersRate * 2 ^ (-passed / ${OTHERS_HALF_LIFE})
  limit.at = now
end

local function correct(by)
  limit.tokens = limit.tokens + by
  limit.corrected = limit.corrected + by
end

local function taken(count)
  correct(-count)
  limit.othersRate = math.max(0, limit.othersRate + count * ${OTHERS_RATE_OF_ONE})
end
`

/**
 * Draws tokens for waiting requests. Arguments: the member, its requests in flight, how many more it has, whether they
 * are its first (1) or others of it wait already (0), and the bucket that the member believes in, if any: rate, burst,
 * tokens, reserve, rate of others, and whether the member went on alone (1), so that the bucket lacks what it took.
 * Answers `unlimited`; or `unknown`, how many may be sent, and when to ask again; or `limited`, these two, the level of
 * the bucket after the last of them, rate, burst, tokens, reserve, rate of others, and how many other members wait.
 *
 * Members take turns: each leaves a token for every member before it, and draws more than one only if there is one for
 * every other member, too.
 */
export const DRAW = script(
  'draw',
  `${LIMIT}
local flying, want = tonumber(ARGV[2]), tonumber(ARGV[3])
if limit.rate then
  refill()
  if ARGV[10] == '1' then correct(math.min(0, tonumber(ARGV[7]) - limit.tokens)) end
elseif ARGV[5] then
  open(tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]))
end
fly(flying)
local pause = math.max(0, limit.pause - now)

if not limit.rate then
  if limit.isKnown and pause == 0 then save() return { 'unlimited' } end
  local granted = pause == 0 and math.max(0, math.min(want, ${MAX_UNKNOWN} - inFlight())) or 0
  fly(flying + granted)
  save()
  local wait = granted < want and math.max(pause, ${LOOK}) or 0
  return { 'unknown', tostring(granted), tostring(wait) }
end

local line, place = {}, nil
for _, entry in ipairs(limit.line) do
  if entry[1] == member then
    place = #line
  elseif now - entry[2] <= ${LATE} then
    line[#line + 1] = entry
  end
end
local others = #line
local ahead = place or others
local reserve = math.min(limit.reserve, (limit.burst - 1) * ${RESERVED_FRACTION})
local free = limit.tokens + ${ROUNDING}
if others > 0 or ARGV[4] ~= '1' then free = free - reserve end
local granted = 0
if pause == 0 and free >= ahead + 1 then
  granted = math.min(want, math.max(1, math.floor(free) - others))
  limit.tokens = limit.tokens - granted
  place = nil
end
fly(flying + granted)
local wait = pause
if granted < want then
  place = place or others
  wait = math.max(wait, (place + 1 + reserve - limit.tokens) / limit.rate * 1000)
  table.insert(line, place + 1, { member, now + wait })
end
limit.line = line
save()
local level = limit.tokens - limit.corrected
local answer = { granted, wait, level, limit.rate, limit.burst, limit.tokens, limit.reserve, limit.othersRate, others }
for at, each in ipairs(answer) do answer[at] = tostring(each) end
table.insert(answer, 1, 'limited')
return answer
`,
)

/** Takes a token for a request that did not wait. Arguments: the member, and its requests in flight. */
export const SPEND = script(
  'spend',
  `${LIMIT}
fly(tonumber(ARGV[2]))
if limit.rate then
  refill()
  limit.tokens = math.max(-limit.burst, limit.tokens - 1)
end
save()
return 1
`,
)

/** Returns the tokens of requests that were not sent. Arguments: the member, its requests in flight, and how many. */
export const GIVE_BACK = script(
  'give-back',
  `${LIMIT}
fly(tonumber(ARGV[2]))
if limit.rate then correct(tonumber(ARGV[3])) end
save()
return 1
`,
)

/**
 * Notes a response. Arguments: the member, its requests in flight, `served`, `limited` or `unavailable`, whether it is
 * conclusive (1), the pause, the channel, the message before a number, whether the request was sent without the fleet
 * (1), and, if the response states the limit, its rate, burst, remaining requests, and the level that was drawn for the
 * request, if any. Tells the other members of a pause by its milliseconds, and with 0 that they need not wait to know
 * whether there is a limit.
 *
 * A limit that the fleet does not know is not taken from a request that was sent without it: others did the same, and
 * the next draw says what its member believes.
 */
export const REPORT = script(
  'report',
  `${LIMIT}
fly(tonumber(ARGV[2]))
local kind, pause = ARGV[3], tonumber(ARGV[5])
local wasKnown = limit.isKnown
local rate, burst, remaining, level = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
if rate and limit.rate then
  limit.rate, limit.burst = rate, burst
end
if limit.rate then refill() end

if rate and not limit.rate and ARGV[8] == '0' then
  open(rate, burst, math.max(-burst, remaining - inFlight()), ${MIN_RESERVE}, 0)
  limit.lowest = remaining
elseif kind == 'served' and rate and limit.rate then
  limit.lowest = math.min(limit.lowest, remaining)
  local excess = (level and level + limit.corrected or limit.tokens) - (remaining + 1)
  local missing = excess > 0 and excess + 0.5 or 0
  local correction = math.max(-missing, limit.lowest - inFlight() - limit.tokens)
  if correction < 0 then limit.othersAt = now end
  taken(-correction)
end
if kind == 'limited' and limit.rate then
  limit.lowest = 0
  taken(limit.tokens)
  if now - limit.othersAt >= 1000 / limit.rate then
    limit.reserve = limit.reserve + 1
    limit.othersAt = now
  end
end
if ARGV[4] == '1' and (limit.rate or not rate) then limit.isKnown = true end
if pause > 0 then
  if now + pause > limit.pause then limit.pause, limit.paused = now + pause, pause end
  redis.call('PUBLISH', ARGV[6], ARGV[7] .. string.format('%.0f', pause))
elseif limit.isKnown and not wasKnown then
  redis.call('PUBLISH', ARGV[6], ARGV[7] .. '0')
end
save()
return 1
`,
)
