/**
 * Asks for the token that the server printed at its start.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { html } from "./html.js";
import { PageTitle } from "./page_title.js";

export function SignIn({ backend, onSignedIn }) {
  const [failure, setFailure] = useState(null);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event) => {
    event.preventDefault();
    setBusy(true);
    const failure = await backend.signIn(new FormData(event.target).get("token").trim());
    setBusy(false);
    setFailure(failure);
    if (failure === null) onSignedIn();
  };
  return html`
    <form class="empty sign-in" onSubmit=${onSubmit}>
      <${PageTitle}>Sign in<//>
      <p>This dashboard wants the token that its server printed at its start.</p>
      <label for="token">Token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus
        aria-describedby="sign-in-failure" aria-invalid=${failure !== null} />
      <p id="sign-in-failure" class="is-error-text" role="alert">${failure}</p>
      <button type="submit" class="button primary" disabled=${busy}>Sign in</button>
    </form>
  `;
}
