/**
 * Asks for the token that the server printed at its start.
 *
 * @module
 */
import type { Backend } from "../live/backend.ts";
import { useState } from "preact/hooks";
import { PageTitle } from "../components/page_title.tsx";

export function SignIn({ backend, onSignedIn }: { backend: Backend; onSignedIn: () => void }) {
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event: { preventDefault(): void; currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    setBusy(true);
    const failure = await backend.signIn(`${token}`.trim());
    setBusy(false);
    setFailure(failure);
    if (failure === null) onSignedIn();
  };
  return (
    <form class="empty sign-in" onSubmit={onSubmit}>
      <PageTitle>Sign in</PageTitle>
      <p>This dashboard wants the token that its server printed at its start.</p>
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        autofocus
        aria-describedby="sign-in-failure"
        aria-invalid={failure !== null}
      />
      <p id="sign-in-failure" class="is-error-text" role="alert">{failure}</p>
      <button type="submit" class="button primary" disabled={busy}>Sign in</button>
    </form>
  );
}
