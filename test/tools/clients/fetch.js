// Asks without a login, by Node's own fetch.
// Environment: BASE (the address); STOP (the file whose existence ends the rounds).
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const { BASE, STOP } = process.env
const PAUSE_MILLISECONDS = 50
const DOWNLOAD_BYTES = 100_000

let rounds = 0
do {
  await checkPolicies()
  await checkDownload()
  await checkError()
  rounds++
  await pause(PAUSE_MILLISECONDS)
} while (!existsSync(STOP))
console.log(JSON.stringify({ rounds }))

async function checkPolicies() {
  const answer = await fetch(`${BASE}/v2/policy?client=fetch`)
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  assert.equal(JSON.parse(text).length, 5)
}

async function checkDownload() {
  const answer = await fetch(`${BASE}/download?bytes=${DOWNLOAD_BYTES}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.equal(bytes.length, DOWNLOAD_BYTES)
  assert.equal(createHash('sha256').update(bytes).digest('hex'), answer.headers.get('x-simulator-sha256'))
}

async function checkError() {
  const answer = await fetch(`${BASE}/errors/flat`)
  const text = await answer.text()
  assert.equal(answer.status, 404, text)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json', text)
  assert.match(JSON.parse(text).detail, /No such resource/)
}
