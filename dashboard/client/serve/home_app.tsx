/**
 * The frame of the first page of a server of pipelines.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { Announcer } from "../components/announcer.tsx";
import { Control, useControl } from "../components/control.tsx";
import { ThemeSwitch } from "../components/theme_switch.tsx";
import { type Backend, BackendContext } from "../live/backend.ts";
import { Boundary } from "../pages/boundary.tsx";
import { Logo } from "../pages/crumbs.tsx";
import { SignIn } from "../pages/sign_in.tsx";
import { HomePage } from "./home_page.tsx";

export function HomeApp({ backend }: { backend: Backend }) {
  const [signedOut, setSignedOut] = useState(false);
  const [session, setSession] = useState(0);
  const mayControl = useControl(backend, { link: "live", session });
  backend.signedOut = () => setSignedOut(true);
  useEffect(() => {
    document.title = "Pipelines – pipeloom";
  }, []);
  return (
    <BackendContext.Provider value={backend}>
      <header class="top">
        <a class="brand" aria-label="pipeloom" href="./">
          <Logo />
          <span>pipeloom</span>
        </a>
        <span class="spread" />
        <ThemeSwitch />
      </header>
      <main id="main">
        <Control.Provider value={mayControl}>
          <Boundary>
            {signedOut
              ? (
                <SignIn
                  backend={backend}
                  onSignedIn={() => {
                    setSignedOut(false);
                    setSession((count) => count + 1);
                  }}
                />
              )
              : <HomePage key={session} />}
          </Boundary>
        </Control.Provider>
      </main>
      <Announcer />
    </BackendContext.Provider>
  );
}
