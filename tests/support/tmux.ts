/**
 * A server of tmux with a shell in each of its windows: what scrolled off the screen, jobs that are stopped and
 * continued, and several sizes at once, as no emulator in this process has them.
 *
 * @module
 */
import { isInstalled } from "./child.ts";
import { tempFolder } from "./temp.ts";

/** Whether tmux and bash are there. */
export const hasTmux: boolean = await isInstalled("tmux") && await isInstalled("bash");

/** Milliseconds after which a test gives up waiting. */
const PATIENCE_MS = 60_000;

/** A server of its own, with a client that reports whenever a window shows something new. */
export class Tmux implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly #client: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();

  private constructor(client: Deno.ChildProcess, folder: ReturnType<typeof tempFolder>) {
    this.#folder = folder;
    this.#client = client;
    this.#reading = this.#read();
  }

  /** Starts the server. */
  static async start(env: Record<string, string> = {}): Promise<Tmux> {
    const folder = tempFolder();
    const client = new Deno.Command("tmux", {
      args: ["-u", "-S", folder.file("s"), "-f", "/dev/null", "-C", "new", "-s", "t", "cat"],
      env: { ...env, NO_COLOR: "", TERM: "xterm-256color" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const tmux = new Tmux(client, folder);
    await tmux.#changed.promise;
    await tmux.#run("set", "-g", "history-limit", "50000");
    await tmux.#run("set", "-g", "default-terminal", "tmux-256color");
    return tmux;
  }

  /** Opens a window of a size, with a shell that has job control. */
  async open(columns: number, rows: number): Promise<TmuxWindow> {
    // A program that is ended by Ctrl-\ would leave its memory in a file.
    const shell = "ulimit -c 0; exec bash --norc";
    const id = await this.#run("new-window", "-d", "-P", "-F", "#{window_id}", shell);
    const window = new TmuxWindow((...words) => this.#run(...words), () => this.#next(), id.trim());
    await window.resize(columns, rows);
    await window.until((lines) => lines.some((line) => /[#$]$/.test(line)));
    return window;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run("kill-server");
    await this.#client.stdin.close().catch(() => {});
    await this.#client.status;
    await this.#reading;
    this.#folder[Symbol.dispose]();
  }

  async #run(...words: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-u", "-S", this.#folder.file("s"), ...words],
    }).output();
    if (!success) throw new Error(`tmux ${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }

  #next(): Promise<void> {
    return this.#changed.promise;
  }

  async #read(): Promise<void> {
    for await (const _ of this.#client.stdout) {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}

/** What a window is like beside what it shows. */
export interface TmuxState {
  isOtherScreen: boolean;
  hasCursor: boolean;
  hasMargins: boolean;
}

/** A window of a server. */
export class TmuxWindow {
  readonly #run: (...words: string[]) => Promise<string>;
  readonly #next: () => Promise<void>;
  readonly #id: string;

  constructor(
    run: (...words: string[]) => Promise<string>,
    next: () => Promise<void>,
    id: string,
  ) {
    this.#run = run;
    this.#next = next;
    this.#id = id;
  }

  /** Types keys by the names that tmux has for them, such as `Enter` and `C-z`; other text as it is. */
  async type(...keys: string[]): Promise<void> {
    await this.#run("send-keys", "-t", this.#id, ...keys);
  }

  /** Gives the window another size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#run("resize-window", "-t", this.#id, "-x", `${columns}`, "-y", `${rows}`);
  }

  /** The lines of the screen, without blanks at their ends. */
  async screen(): Promise<string[]> {
    return (await this.#run("capture-pane", "-p", "-t", this.#id)).trimEnd().split("\n");
  }

  /** The lines of the screen after all that have scrolled off it. */
  async lines(): Promise<string[]> {
    const text = await this.#run("capture-pane", "-p", "-S", "-", "-t", this.#id);
    return text.trimEnd().split("\n");
  }

  /** Whether its other screen is shown, its cursor, and whether only a part of its rows scrolls. */
  async state(): Promise<TmuxState> {
    const names = [
      "alternate_on",
      "cursor_flag",
      "scroll_region_upper",
      "scroll_region_lower",
      "pane_height",
    ];
    const text = await this.#run(
      "display",
      "-p",
      "-t",
      this.#id,
      names.map((n) => `#{${n}}`).join(" "),
    );
    const [other, cursor, upper, lower, height] = text.trim().split(" ").map(Number);
    return {
      isOtherScreen: other === 1,
      hasCursor: cursor === 1,
      hasMargins: upper !== 0 || lower! < height! - 1,
    };
  }

  /** Resolves with the screen as soon as it is as it should be; it is looked at whenever any window changes. */
  async until(condition: (screen: string[]) => boolean | Promise<boolean>): Promise<string[]> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, PATIENCE_MS);
    });
    try {
      while (true) {
        const changed = this.#next();
        const screen = await this.screen();
        if (await condition(screen)) return screen;
        if (isLate) throw new Error(`The window never met the condition:\n${screen.join("\n")}`);
        await Promise.race([changed, late]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
