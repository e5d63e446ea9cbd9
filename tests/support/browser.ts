/**
 * A real browser: Debian's Chromium, driven through its DevTools protocol, and better its shell, which lacks the
 * frame around a page and computes a fifth less. The tests of a file share one process, and have a context each:
 * windows, cookies and storage of their own.
 *
 * @module
 */
import puppeteer, { type Browser, type BrowserContext } from "puppeteer-core";
import { findProgram } from "./child.ts";

export type { Browser, BrowserContext, Page } from "puppeteer-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // All pages are of this machine: they share a process, which halves what their tests compute.
  "--disable-site-isolation-trials",
  "--process-per-site",
  "--renderer-process-limit=2",
];

const executable = await findProgram(
  ...["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"],
);

/** Whether there is a browser. Under CI there must be one. */
export const hasBrowser: boolean = executable !== undefined;

/**
 * A browser with a profile of its own, which is removed with it. `puppeteer.launch()` would do, but for timers of
 * its own, which look like a leak of each test.
 */
export class BrowserProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  readonly #endpoint: string;

  private constructor(child: Deno.ChildProcess, profile: string, endpoint: string) {
    this.#child = child;
    this.#profile = profile;
    this.#endpoint = endpoint;
  }

  /** Starts it, and waits until it listens. */
  static async start(): Promise<BrowserProcess> {
    const profile = Deno.makeTempDirSync({ prefix: "pipeloom_browser_" });
    const options = { headless: true, args: FLAGS, userDataDir: profile };
    const child = new Deno.Command(executable!, {
      args: [...await puppeteer.defaultArgs(options), "--remote-debugging-port=0"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new BrowserProcess(child, profile, await readEndpoint(child.stderr));
  }

  /** A connection to it, which the caller closes. */
  connect(): Promise<Browser> {
    return puppeteer.connect({ browserWSEndpoint: this.#endpoint });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.connect()).close();
    await this.#child.status;
    Deno.removeSync(this.#profile, { recursive: true });
  }
}

/** The address that the browser listens on. All its other output is ignored. */
async function readEndpoint(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let output = "";
  for await (const part of stderr.pipeThrough(new TextDecoderStream())) {
    output += part;
    const endpoint = output.match(/^DevTools listening on (ws:.*)$/m)?.[1];
    if (endpoint) return endpoint;
  }
  throw new Error(`The browser does not listen:\n${output}`);
}

let shared: BrowserProcess | undefined;

/** To be called by a file with tests that open pages: a browser runs from before the first until after the last. */
export function shareBrowser(): void {
  if (!hasBrowser) return;
  Deno.test.beforeAll(async () => void (shared = await BrowserProcess.start()));
  Deno.test.afterAll(() => shared?.[Symbol.asyncDispose]());
}

/** Windows of the shared browser for one test. */
export interface BrowserSession extends AsyncDisposable {
  /** Cookies and storage that no other test sees. */
  context: BrowserContext;
  /** Another such context: another person at another computer. */
  another(): Promise<BrowserContext>;
}

/** Opens a session in the browser of {@linkcode shareBrowser}. */
export async function openBrowser(): Promise<BrowserSession> {
  const browser = await shared!.connect();
  const contexts: BrowserContext[] = [];
  const another = async () => {
    const context = await browser.createBrowserContext();
    contexts.push(context);
    return context;
  };
  return {
    context: await another(),
    another,
    async [Symbol.asyncDispose]() {
      for (const context of contexts) await context.close();
      await browser.disconnect();
    },
  };
}
