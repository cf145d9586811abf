/**
 * `npm run leaks -- [--rounds 1000]`
 *
 * Repeats rounds, each kind in its own process, and prints what a round leaves behind: resident memory, threads, handles of
 * the event loop, and bytes of the shared memory. Bare workers are measured for comparison: the platform itself keeps several
 * kilobytes of every thread that it ends.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { sharedMemory } from "../support/queues.js";
import { footprint, KINDS } from "./kinds.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "1000" }, kind: { type: "string" } },
});
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  process.stderr.write(`--rounds takes a whole number from 1 on, not "${values.rounds}"\n`);
  process.exit(2);
}

interface Row {
  readonly title: string;
  /** Bytes per round. The other fields are the differences between after and before. */
  readonly resident: number;
  readonly threads: number;
  readonly resources: number;
  readonly shared: number;
}

async function measure(name: string): Promise<Row> {
  // Bare workers alone would have no shared memory to measure.
  sharedMemory();
  const kind = KINDS[name]();
  // As many rounds as are measured: whatever grows only at first has grown by then.
  for (let i = 0; i < rounds; i++) await kind.round();
  const [before, sharedBefore] = [footprint(), sharedMemory().inUse];
  for (let i = 0; i < rounds; i++) await kind.round();
  const [after, sharedAfter] = [footprint(), sharedMemory().inUse];
  await kind.stop();
  return {
    title: kind.title,
    resident: (after.resident - before.resident) / rounds,
    threads: (after.threads ?? 0) - (before.threads ?? 0),
    resources: after.resources - before.resources,
    shared: sharedAfter - sharedBefore,
  };
}

if (values.kind === undefined) {
  console.log(`${rounds} rounds each, after as many to warm up`);
  console.log("resident memory per round, and threads, handles and shared memory (kB) more than before:");
  for (const name of Object.keys(KINDS)) {
    const args = [fileURLToPath(import.meta.url), "--rounds", String(rounds), "--kind", name];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { title, resident, threads, resources, shared } = JSON.parse(stdout) as Row;
    const kilobytes = `${(resident / 1024).toFixed(1)} kB`;
    console.log(
      `  ${title.padEnd(40)}${kilobytes.padStart(10)}${String(threads).padStart(5)}${String(resources).padStart(5)}` +
        String(shared / 1024).padStart(8),
    );
  }
} else {
  process.stdout.write(JSON.stringify(await measure(values.kind)));
}
