/**
 * A process that runs the command lines of many tests, one after the other: the program is loaded once.
 *
 * @module
 */
import { END, type HostRequest } from "../fixtures/cli_host.ts";

/** The process, from before the first test of an isolate until after its last. */
export class CliHost implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #outputs: Output[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(command: Deno.Command) {
    this.#child = command.spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#outputs = [new Output(this.#child.stdout), new Output(this.#child.stderr)];
  }

  /** Runs a command when those before it have ended. */
  run(request: HostRequest): Promise<{ code: number; out: string; err: string }> {
    const answer = this.#last.then(async () => {
      await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      const [out, err] = await Promise.all(this.#outputs.map((output) => output.next()));
      return { code: out!.code, out: out!.text, err: err!.text };
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close();
    await Promise.all([...this.#outputs.map((output) => output.close()), this.#child.status]);
  }
}

/** What the process writes to one of its outputs. */
class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  // Nothing is read ahead: what begins in a test must end in it.
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** What one command has written, and its exit code. */
  async next(): Promise<{ text: string; code: number }> {
    for (;;) {
      const [, text, code] = this.#text.match(new RegExp(`^([^]*?)${END}(\\d+)\n`)) ?? [];
      if (code !== undefined) {
        this.#text = this.#text.slice(text!.length + END.length + code.length + 1);
        return { text: text!, code: Number(code) };
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The command ended its process: ${this.#text}`);
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async close(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }
}
