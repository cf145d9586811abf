/** The program as it is written for piscina. Prints its results as JSON. */

import { createHash } from "node:crypto";
import { Piscina } from "piscina";
import type { Summary } from "./tasks.js";

const ROOM = 8;
const pool = new Piscina({
  filename: new URL("./tasks.js", import.meta.url).href,
  maxThreads: 2,
  maxQueue: ROOM,
});

const summaries: Promise<Summary>[] = [];
for (const [i, file] of process.argv.slice(2).entries()) {
  // The queue has room again when an earlier task is done. The event "drain" does not come while the threads start.
  if (i >= ROOM) await summaries[i - ROOM];
  summaries.push(pool.run({ file }, { name: "summarize" }) as Promise<Summary>);
}
await Promise.all(summaries);

const pixels = (await pool.run({ width: 1024, height: 768 }, { name: "gradient" })) as Uint8Array;

const giveUp = new AbortController();
setTimeout(() => giveUp.abort(), 50);
const aborted = await pool.run({}, { name: "endless", signal: giveUp.signal }).then(
  () => "not aborted",
  (error: Error) => error.name,
);

console.log(
  JSON.stringify({
    summaries: await Promise.all(summaries),
    pixels: createHash("sha256").update(pixels).digest("hex"),
    aborted,
  }),
);
await pool.close();
