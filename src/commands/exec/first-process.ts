import { accessSync, constants } from 'node:fs'

const SHELL = '/bin/sh'

/**
 * The script that takes this program's place as process 1. It runs the program as a child, forwards signals to it, and
 * exits with its exit code. While it waits, the shell reaps every process that ends, including orphans. Because a
 * signal interrupts `wait`, it is repeated until the child is gone. A shell may report a child's exit code only once,
 * and 127 afterwards.
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
  'exec is process 1 of the container and cannot reap the processes that its command leaves behind; run the container with an init (docker run --init)'

/** The parts of `process` that {@link leaveFirstPlace} uses. */
export interface FirstProcess extends Pick<NodeJS.Process, 'pid' | 'execPath' | 'execArgv' | 'argv' | 'env'> {
  /** Replaces this process with another program: execve(2), available since Node.js 22.15. */
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never
}

/**
 * Lets a shell take the place of process 1 of a container, which must reap orphaned processes. Node.js does not, so
 * they would remain as zombies. In process 1, this function replaces the process with a shell that starts the program
 * again as its child, and does not return; if that is not possible, it returns a warning. In any other process it does
 * nothing and returns no warnings.
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
