/**
 * A whole program that blocks for 200 calls: `node first-calls-process.js interpreters|synckit|nothing [cpu]`. It loads nothing else. With `cpu` it
 * prints the milliseconds of processor time that it took.
 */
export {};

const CALLS = 200;
const worker = new URL("./peers/synckit.worker.js", import.meta.url);

const [who, cpu] = process.argv.slice(2);
let call: ((n: number) => unknown) | undefined;
if (who === "interpreters") {
  const { create, fromModule } = await import("interpreters");
  const { work } = fromModule<typeof import("./peers/work.js")>(new URL("./peers/work.js", import.meta.url));
  const interp = create();
  call = (n) => interp.callSync(work, n);
} else if (who === "synckit") {
  const { createSyncFn } = await import("synckit");
  call = createSyncFn<typeof import("./peers/work.js").work>(worker);
}
for (let i = 0; i < CALLS; i += 1) call?.(0);
if (cpu !== undefined) {
  const { user, system } = process.cpuUsage();
  // Synchronous for files and pipes.
  process.stdout.write(`${(user + system) / 1000}\n`);
}
// As a linter's or formatter's process does at its end.
process.exit();
