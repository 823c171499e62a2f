import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AppendFile, countLines } from '../../src/commands/serve/append-file.ts'
import { newFolder } from '../support/folder.ts'

t.test('lines are appended to what is there; a file that is made is for its owner’s eyes', async t => {
  const folder = newFolder(t)
  const old = join(folder, 'old')
  writeFileSync(old, 'before\n', { mode: 0o600 })
  const file = new AppendFile(old)
  file.write('one\ntwo\n')
  t.equal(readFileSync(old, 'utf8'), 'before\none\ntwo\n')
  truncateSync(old)
  file.write('three\n')
  t.equal(readFileSync(old, 'utf8'), 'three\n', 'what copies and truncates leaves no hole')
  file.close()
  t.strictSame(file.warnings, [])
  const fresh = join(folder, 'new')
  new AppendFile(fresh).close()
  t.equal(statSync(fresh).mode & 0o777, 0o600)
})

t.test('what others could have made of it is refused', async t => {
  const folder = newFolder(t)
  const at = (name: string) => join(folder, name)
  const make = (name: string, mode = 0o600) => {
    writeFileSync(at(name), '', { mode })
    chmodSync(at(name), mode)
    return at(name)
  }
  const target = make('target')
  symlinkSync(target, at('link'))
  symlinkSync(at('nothing'), at('dangling'))
  linkSync(make('linked'), at('twin'))
  mkdirSync(at('folder'))
  execFileSync('mkfifo', ['-m', '600', at('pipe')])
  make('group', 0o660)
  make('world', 0o606)
  const rows: [name: string, reason: RegExp][] = [
    ['link', /link is a symbolic link/],
    ['dangling', /dangling is a symbolic link/],
    ['linked', /linked has several hard links/],
    ['twin', /twin has several hard links/],
    ['folder', /folder is a folder/],
    ['pipe', /pipe is not a regular file/],
    ['group', /group can be written by other users; restrict it with chmod 600/],
    ['world', /world can be written by other users; restrict it with chmod 600/],
    ['no/such', /^cannot write to \S+such \(ENOENT\); choose a file in a folder that you can write to$/],
    ['target/x', /x \(ENOTDIR\)/],
  ]
  for (const [name, message] of rows) t.throws(() => new AppendFile(at(name)), { message }, name)
  t.equal(readFileSync(target, 'utf8'), '')
  t.throws(() => statSync(at('nothing')), { code: 'ENOENT' })
})

t.test('a pipe that somebody reads is refused, too', async t => {
  const pipe = join(newFolder(t), 'pipe')
  execFileSync('mkfifo', ['-m', '600', pipe])
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  t.teardown(() => closeSync(reader))
  t.throws(() => new AppendFile(pipe), { message: /is not a regular file/ })
})

t.test('a file of another user is refused, but for root’s', async t => {
  const path = join(newFolder(t), 'file')
  writeFileSync(path, '', { mode: 0o600 })
  const own = Number(process.geteuid?.())
  if (own === 0) chownSync(path, 12345, 12345)
  t.throws(() => new AppendFile(path, { user: own + 1 }), { message: /belongs to another user/ })
  if (own === 0) chownSync(path, 0, 0)
  new AppendFile(path, { user: own }).close()
})

t.test('what others may see or take away is warned of', async t => {
  const rows: [folder: number, file: number, warnings: RegExp[]][] = [
    [0o700, 0o600, []],
    [0o1777, 0o600, []],
    [0o700, 0o640, [/^other users can read \S+file; restrict it with chmod 600$/]],
    [0o755, 0o604, [/^other users can read \S+file;/]],
    [0o777, 0o600, [/^other users can replace \S+file, because/]],
    [0o770, 0o644, [/can read/, /can replace/]],
  ]
  for (const [folderMode, mode, warnings] of rows) {
    const folder = newFolder(t)
    const path = join(folder, 'file')
    writeFileSync(path, '')
    chmodSync(path, mode)
    chmodSync(folder, folderMode)
    const file = new AppendFile(path)
    file.close()
    t.equal(file.warnings.length, warnings.length, `${folderMode.toString(8)} ${mode.toString(8)}`)
    t.match(file.warnings, warnings)
  }
  t.match(new AppendFile('/dev/null').warnings, [/null is a device/])
})

t.test('lines that cannot be written are counted', async t => {
  const file = new AppendFile('/dev/full')
  t.throws(() => file.write('one\ntwo\n'), { name: 'LostLines', count: 2, message: 'ENOSPC' })
  t.equal(countLines('one\ntwo\n'), 2)
})

t.test('a disk that fills up within a line spoils no line but that one', async t => {
  const path = join(newFolder(t), 'file')
  let room = 0
  const file = new AppendFile(path, {
    write(to, bytes, from) {
      const part = bytes.subarray(from, from + Math.min(room, 3))
      room -= part.length
      if (part.length === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return writeSync(to, part)
    },
  })
  const write = (lines: string, bytes: number) => {
    room = bytes
    file.write(lines)
  }
  write('fits\n', 5)
  t.throws(() => write('one\ntwo\nthree\n', 6), { name: 'LostLines', count: 2 })
  t.throws(() => write('lost\n', 0), { name: 'LostLines', count: 1 })
  t.throws(() => write('none\n', 1), { name: 'LostLines', count: 1 }, 'the end of the line that was cut off')
  write('four\nfive\n', 10)
  t.throws(() => write('six\nseven\n', 4), { name: 'LostLines', count: 1 }, 'exactly one line')
  write('eight\n', 6)
  file.close()
  t.strictSame(readFileSync(path, 'utf8').split('\n'), ['fits', 'one', 'tw', 'four', 'five', 'six', 'eight', ''])
})
