import type { Command, CommandGroup } from './command.ts'

type Loaders = Readonly<Record<string, () => Promise<Command>>>

/** Each command is loaded when it runs, so that `start` does not pay for the others. */
const groups = {
  'Run the proxy': {
    start: async () => (await import('./start.ts')).start,
    exec: async () => (await import('./exec.ts')).exec,
    check: async () => (await import('./check.ts')).check,
  },
  'Look at a running proxy': {
    status: async () => (await import('./status.ts')).status,
    health: async () => (await import('./health.ts')).health,
    requests: async () => (await import('./requests.ts')).requests,
  },
  'Set it up': {
    config: async () => (await import('./config.ts')).config,
    stacks: async () => (await import('./stacks.ts')).stacks,
    ca: async () => (await import('./ca.ts')).ca,
    completion: async () => (await import('./completion.ts')).completionCommand(describeCommands),
  },
  'Try it': {
    demo: async () => (await import('./demo.ts')).demo,
    simulate: async () => (await import('./simulate.ts')).simulate,
  },
} as const satisfies Readonly<Record<string, Loaders>>

const loaders = {
  ...groups['Run the proxy'],
  ...groups['Look at a running proxy'],
  ...groups['Set it up'],
  ...groups['Try it'],
}

/** The name of a command. */
export type CommandName = keyof typeof loaders

/** The names of all commands, in the order of the help. */
export const commandNames = Object.keys(loaders) as CommandName[]

/** Loads a command by its name. */
export function loadCommand(name: CommandName): Promise<Command> {
  return loaders[name]()
}

/** Loads all commands, and returns them in their groups. */
export function describeCommands(): Promise<readonly CommandGroup[]> {
  const described = Object.entries(groups).map(async ([title, loaders]) => {
    const commands = Object.entries(loaders).map(async ([name, load]) => ({ path: [name], description: await load() }))
    return { title, commands: await Promise.all(commands) }
  })
  return Promise.all(described)
}
