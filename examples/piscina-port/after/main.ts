/** The same program for interpreters. Results have types, so the casts are gone. */

import { createHash } from "node:crypto";
import { type Future, fromModule, InterpreterPoolExecutor } from "interpreters";
import type { Summary } from "./tasks.js";

const { summarize, gradient, endless } = fromModule<typeof import("./tasks.js")>(
  new URL("./tasks.js", import.meta.url),
);
const pool = new InterpreterPoolExecutor({ maxWorkers: 2, maxQueue: 8 });

const summaries: Future<Summary>[] = [];
for (const file of process.argv.slice(2)) {
  await pool.room();
  summaries.push(pool.submit(summarize, file));
}
await Promise.all(summaries);

const pixels = await pool.submit(gradient, 1024, 768);

const giveUp = new AbortController();
setTimeout(() => giveUp.abort(), 50);
const aborted = await pool
  .with({ signal: giveUp.signal })
  .submit(endless)
  .then(
    () => "not aborted",
    (error) => error.name,
  );

console.log(
  JSON.stringify({
    summaries: await Promise.all(summaries),
    pixels: createHash("sha256").update(pixels).digest("hex"),
    aborted,
  }),
);
await pool.shutdown();
