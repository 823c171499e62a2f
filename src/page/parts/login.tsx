import { useSignal } from '@preact/signals'
import { followAnew } from '../follow.ts'
import { logIn } from '../proxy.ts'
import { Notice } from './notice.tsx'

/** Asks for a client token. It is sent once, and kept nowhere in the page. */
export function Login() {
  const failure = useSignal('')
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const token = String(new FormData(form).get('token'))
    form.reset()
    failure.value = await logIn(token).then(
      () => '',
      error => error.message,
    )
    if (failure.value === '') followAnew()
  }
  return (
    <form class="login card" onSubmit={submit}>
      <h2>This proxy knows its clients</h2>
      <p>Enter your client token to see your requests. Admins see those of all clients.</p>
      <label for="token">Client token</label>
      <input id="token" name="token" type="password" autocomplete="off" required />
      <button type="submit" class="is-main">
        Show my requests
      </button>
      {failure.value && <Notice kind="bad">{failure.value}</Notice>}
    </form>
  )
}
