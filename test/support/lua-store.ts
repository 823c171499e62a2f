import fengari from 'fengari'
import type { Script } from '../../src/fleet/script.ts'

const { lua, lauxlib, lualib, to_luastring: luaString, to_jsstring: jsString } = fengari

/** A state of the Lua interpreter, as fengari has it. */
type State = object

/** A value of Lua, as scripts pass it on and answer: a table is a list, or an object if it has names. */
type Value = string | number | boolean | null | Value[] | { [name: string]: Value }

/**
 * A store that runs the same scripts as Redis does, in this process and in the test's time. It knows the commands that
 * the scripts use, and no others.
 */
export class LuaStore {
  readonly #now: () => number
  readonly #state: State = lauxlib.luaL_newstate()
  readonly #values = new Map<string, { value: string | Map<string, string>; end: number }>()
  readonly #heard = new Set<(channel: string, message: string) => void>()
  readonly #loaded = new Map<string, number>()

  /** `now` is the store's time, in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now
    lualib.luaL_openlibs(this.#state)
    this.#define('redis', { call: args => this.#call(args.map(each => `${each}`)) })
    this.#define('cjson', {
      encode: ([value]) => JSON.stringify(value),
      decode: ([text]) => JSON.parse(`${text}`),
    })
  }

  /** Runs a script. Throws as Redis answers an error. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Value {
    const L = this.#state
    lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.#load(script))
    for (const [name, list] of Object.entries({ KEYS: keys, ARGV: args })) {
      push(L, [...list])
      lua.lua_setglobal(L, luaString(name))
    }
    const status = lua.lua_pcall(L, 0, 1, 0)
    const result = pull(L, -1)
    lua.lua_pop(L, 1)
    if (status !== lua.LUA_OK) throw new Error(`${script.name}: ${JSON.stringify(result)}`)
    return answered(result)
  }

  /** Calls `heard` with all that is published. Returns a function that ends this. */
  subscribe(heard: (channel: string, message: string) => void): () => void {
    this.#heard.add(heard)
    return () => this.#heard.delete(heard)
  }

  /** Forgets everything, as a server does that is restarted without its data. */
  flush(): void {
    this.#values.clear()
  }

  /** Changes hashes from outside. */
  edit(change: (hash: Map<string, string>) => void): void {
    for (const { value } of this.#values.values()) if (value instanceof Map) change(value)
  }

  /** Keeps what the store has now. Returns a function that brings it back, as a failover to an older state does. */
  keep(): () => void {
    const kept = structuredClone(this.#values)
    return () => {
      this.#values.clear()
      for (const [key, entry] of structuredClone(kept)) this.#values.set(key, entry)
    }
  }

  /** All keys and values, as a dump of the store has them. */
  dump(): string {
    return JSON.stringify([...this.#values].map(([key, { value }]) => [key, value instanceof Map ? [...value] : value]))
  }

  #load(script: Script): number {
    const known = this.#loaded.get(script.sha)
    if (known !== undefined) return known
    if (lauxlib.luaL_loadstring(this.#state, luaString(script.lua)) !== lua.LUA_OK)
      throw new Error(`${script.name}: ${JSON.stringify(pull(this.#state, -1))}`)
    const reference = lauxlib.luaL_ref(this.#state, lua.LUA_REGISTRYINDEX)
    this.#loaded.set(script.sha, reference)
    return reference
  }

  #define(name: string, functions: Record<string, (args: Value[]) => Value>): void {
    const L = this.#state
    lua.lua_createtable(L, 0, 0)
    for (const [each, run] of Object.entries(functions)) {
      lua.lua_pushjsfunction(L, (L: State) => {
        const count = lua.lua_gettop(L)
        push(L, run(Array.from({ length: count }, (_, at) => pull(L, at + 1))))
        return 1
      })
      lua.lua_setfield(L, -2, luaString(each))
    }
    lua.lua_setglobal(L, luaString(name))
  }

  #call([command = '', key = '', ...args]: string[]): Value {
    switch (command) {
      case 'TIME':
        return [`${Math.floor(this.#now() / 1000)}`, `${Math.floor((this.#now() % 1000) * 1000)}`]
      case 'PUBLISH':
        for (const heard of this.#heard) heard(key, `${args[0]}`)
        return this.#heard.size
      case 'GET':
        return this.#text(key) ?? false
      case 'SET': {
        const end = args[1] === 'PX' ? this.#now() + Number(args[2]) : this.#entry(key)?.end
        this.#values.set(key, { value: `${args[0]}`, end: end ?? Number.POSITIVE_INFINITY })
        return 'OK'
      }
      case 'HGET':
        return this.#hash(key).get(`${args[0]}`) ?? false
      case 'HSET': {
        const hash = this.#hash(key)
        for (let at = 0; at < args.length; at += 2) hash.set(`${args[at]}`, `${args[at + 1]}`)
        if (!this.#entry(key)) this.#values.set(key, { value: hash, end: Number.POSITIVE_INFINITY })
        return args.length / 2
      }
      case 'HDEL':
        return args.filter(field => this.#hash(key).delete(field)).length
      case 'PEXPIRE': {
        const entry = this.#entry(key)
        if (entry) entry.end = this.#now() + integer(args[0])
        return entry ? 1 : 0
      }
      default:
        throw new Error(`the store does not know ${command}`)
    }
  }

  #entry(key: string) {
    const entry = this.#values.get(key)
    if (entry && entry.end <= this.#now()) this.#values.delete(key)
    return this.#values.get(key)
  }

  #text(key: string): string | undefined {
    const value = this.#entry(key)?.value
    return typeof value === 'string' ? value : undefined
  }

  #hash(key: string): Map<string, string> {
    const value = this.#entry(key)?.value
    return value instanceof Map ? value : new Map()
  }
}

/** Redis refuses what is not a whole number. */
function integer(text = ''): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`value is not an integer: ${text}`)
  return Number(text)
}

/** What a client gets: true is 1, false is null, a number loses its fraction, and a list ends before its first null. */
function answered(value: Value): Value {
  if (value === true) return 1
  if (value === false || value === null) return null
  if (typeof value === 'number') return Math.trunc(value)
  return Array.isArray(value) ? value.map(answered) : value
}

/** Whether fengari, whose integers have 32 bits, takes a number for one; as a float it would be the name of a field. */
function isSmall(value: number): boolean {
  return (value | 0) === value
}

function push(L: State, value: Value): void {
  if (typeof value === 'string') lua.lua_pushstring(L, luaString(value))
  else if (typeof value === 'boolean') lua.lua_pushboolean(L, value)
  else if (typeof value === 'number') isSmall(value) ? lua.lua_pushinteger(L, value) : lua.lua_pushnumber(L, value)
  else if (value === null) lua.lua_pushnil(L)
  else {
    lua.lua_createtable(L, 0, 0)
    const entries = Array.isArray(value) ? value.map((each, at) => [at + 1, each] as const) : Object.entries(value)
    for (const [key, each] of entries) {
      push(L, key)
      push(L, each)
      lua.lua_settable(L, -3)
    }
  }
}

function pull(L: State, at: number): Value {
  switch (lua.lua_type(L, at)) {
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, at)
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(L, at)
    case lua.LUA_TSTRING:
      return jsString(lua.lua_tostring(L, at))
    case lua.LUA_TTABLE:
      return pullTable(L, lua.lua_absindex(L, at))
    default:
      return null
  }
}

function pullTable(L: State, at: number): Value {
  const entries: [string | number, Value][] = []
  lua.lua_pushnil(L)
  while (lua.lua_next(L, at)) {
    const key = lua.lua_type(L, -2) === lua.LUA_TNUMBER ? lua.lua_tonumber(L, -2) : jsString(lua.lua_tostring(L, -2))
    entries.push([key, pull(L, -1)])
    lua.lua_pop(L, 1)
  }
  const list = new Map(entries)
  const isList = entries.length > 0 && entries.every((_, at) => list.has(at + 1))
  return isList ? entries.map((_, at) => list.get(at + 1) ?? null) : Object.fromEntries(entries)
}
