import { accessSync, constants } from 'node:fs'

const SHELL = '/bin/sh'

/**
 * What a shell does in place of this program as process 1: it runs it as a child, passes signals on, and has its exit code.
 * While it waits, it takes note of every process that ends, also of those that others left. A signal interrupts `wait`,
 * which is then repeated, until the child is gone; what a shell has told once it may not know again (127).
 */
const AS_INIT = `
exec 3<&0
child=
for name in HUP INT QUIT TERM USR1 USR2; do trap "test -z \\"\\$child\\" || kill -$name \\$child" $name; done
"$0" "$@" <&3 3<&- &
child=$!
exec 3<&-
wait $child
code=$?
while kill -0 $child 2>/dev/null; do
  wait $child
  code=$?
done
wait $child 2>/dev/null
last=$?
test $last -eq 127 || code=$last
exit $code
`

const ZOMBIES =
  'as process 1 of a container, exec cannot remove processes that the command leaves behind when they end: run it with an init (docker run --init)'

/** What is needed of the process. */
export interface FirstProcess extends Pick<NodeJS.Process, 'pid' | 'execPath' | 'execArgv' | 'argv' | 'env'> {
  /** Puts another program in the place of this one; since Node.js 22.15. */
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never
}

/**
 * Process 1 of a container has to see to every process that lost its parent, which Node.js does not: once they have ended
 * they stay, as zombies. Has a shell take its place and start this program again as a child. Gives a warning where that
 * cannot be.
 */
export function leaveFirstPlace(self: FirstProcess, shell = SHELL): string[] {
  if (self.pid !== 1) return []
  if (!self.execve || !isExecutable(shell)) return [ZOMBIES]
  return self.execve(shell, ['sh', '-c', AS_INIT, self.execPath, ...self.execArgv, ...self.argv.slice(1)], self.env)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
