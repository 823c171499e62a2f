/** What the tests use of fengari, an interpreter for Lua. `L` is a state of it; indices count from 1, or -1 from the top. */
declare module 'fengari' {
  type State = object
  type LuaString = Uint8Array
  const fengari: {
    readonly to_luastring: (text: string) => LuaString
    readonly to_jsstring: (text: LuaString) => string
    readonly lauxlib: {
      luaL_newstate(): State
      luaL_loadstring(L: State, code: LuaString): number
      luaL_ref(L: State, table: number): number
    }
    readonly lualib: { luaL_openlibs(L: State): void }
    readonly lua: {
      readonly LUA_OK: number
      readonly LUA_REGISTRYINDEX: number
      readonly LUA_TBOOLEAN: number
      readonly LUA_TNUMBER: number
      readonly LUA_TSTRING: number
      readonly LUA_TTABLE: number
      lua_absindex(L: State, at: number): number
      lua_createtable(L: State, list: number, names: number): void
      lua_gettop(L: State): number
      lua_next(L: State, at: number): number
      lua_pcall(L: State, args: number, results: number, handler: number): number
      lua_pop(L: State, count: number): void
      lua_pushboolean(L: State, value: boolean): void
      lua_pushinteger(L: State, value: number): void
      lua_pushjsfunction(L: State, run: (L: State) => number): void
      lua_pushnil(L: State): void
      lua_pushnumber(L: State, value: number): void
      lua_pushstring(L: State, value: LuaString): void
      lua_rawgeti(L: State, table: number, index: number): void
      lua_setfield(L: State, table: number, name: LuaString): void
      lua_setglobal(L: State, name: LuaString): void
      lua_settable(L: State, table: number): void
      lua_toboolean(L: State, at: number): boolean
      lua_tonumber(L: State, at: number): number
      lua_tostring(L: State, at: number): LuaString
      lua_type(L: State, at: number): number
    }
  }
  export default fengari
}
