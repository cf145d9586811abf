/** Prints what later threads start with: `node code-cache.scenarios.js <what the first thread does>`. See code-cache.test.ts. */
import { create, createQueue, type Queue } from "interpreters";

/** In an interpreter: reports whether V8 accepts the code cache that its thread was given, and never returns. */
function tell(queue: Queue<string>): Promise<never> {
  type Given = { text: Uint8Array; codeCache?: Uint8Array };
  const { Script } = process.getBuiltinModule("node:vm");
  const { text, codeCache } = process.getBuiltinModule("node:worker_threads").workerData as Given;
  if (codeCache === undefined) queue.putNowait("none");
  else {
    const script = new Script(Buffer.from(text.buffer).toString("latin1"), { cachedData: codeCache });
    queue.putNowait(script.cachedDataRejected === false ? "accepted" : "rejected");
  }
  return new Promise(() => {});
}

const first = create();
if (process.argv[2] === "does not answer") void first.call(() => new Promise(() => {})).catch(() => {});
else await first.call(() => 1);
if (process.argv[2] === "is closed") await first.close({ wait: true });

const told = createQueue<string>();
// The code cache takes a while to arrive.
for (;;) {
  const later = create();
  later.call(tell, told).catch(() => {});
  const what = await told.get();
  await later.terminate();
  if (what === "none") continue;
  console.log(what);
  break;
}
process.exit();
