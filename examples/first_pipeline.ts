/**
 * The README's first pipeline, word for word: two tasks, a row for each word.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. examples/first_pipeline.ts
 * ```
 *
 * @module
 */
import { runPipeline } from "@pipeloom/pipeloom";

const report = await runPipeline(["to be or not to be", "that is the question"], {
  db: "words.db",
  schema: "CREATE TABLE IF NOT EXISTS word (text TEXT, length INTEGER)",
  async run(line, task) {
    const words = line.split(" ");
    for (const [i, text] of words.entries()) {
      await task.insert("word", [{ text, length: text.length }]);
      task.progress(i + 1, words.length, text);
    }
    return { words: words.length };
  },
});
console.log(report.status, report.counts);
