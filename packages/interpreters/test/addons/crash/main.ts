/**
 * Counts the programs that die because only the threads of a pool use an addon, and the pool is closed (napi-rs issue 3443).
 *
 *     npm run addons-crash -- [--runs 200]
 *
 * Each program opens and closes three pools of four threads. Closing a pool of bare workers unmaps the addon; those of the
 * addon's own threads that have not quite ended then run code that is gone.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fresh, skip } from "../fixtures.js";

const ROUNDS = 3;
const THREADS = 4;
/** Milliseconds. A program that takes longer hangs, which is as bad. */
const LIMIT = 60_000;

const { values } = parseArgs({ options: { runs: { type: "string", default: "200" } } });
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write(`--runs takes a whole number from 1 on, not "${values.runs}"\n`);
  process.exit(2);
}

/** Runs a program and returns how it ended, in one word. */
function run(program: string, addon: string): Promise<string> {
  const file = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, addon, String(ROUNDS), String(THREADS)], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: LIMIT,
      killSignal: "SIGKILL",
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve("ok");
      // An exception is a mistake in this test. (On Windows, a crash also ends with a code, but prints nothing.)
      else if (stderr.includes("Error")) reject(new Error(`${program} ${addon}: ${stderr}`));
      else resolve(signal ?? `exit code ${code}`);
    });
  });
}

async function count(program: string, addon: string): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  let left = runs;
  const next = async (): Promise<void> => {
    while (left-- > 0) {
      const end = await run(program, addon);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
  return ends;
}

const addons: [string, string][] = [["oxc-parser", "oxc-parser"]];
if (skip === false) addons.unshift(["with threads that wind down", fresh("background")]);
const programs: [string, string][] = [
  ["bare workers", "bare"],
  ["interpreters", "ours"],
];
process.stdout.write(`Node ${process.version}, ${process.platform}: ${runs} programs each\n\n`);
process.stdout.write("| addon | in | died | how |\n| --- | --- | ---: | --- |\n");
let ours = 0;
for (const [name, addon] of addons) {
  for (const [title, program] of programs) {
    const ends = await count(program, addon);
    const died = runs - (ends.get("ok") ?? 0);
    if (program === "ours") ours += died;
    const how = [...ends].filter(([end]) => end !== "ok").map(([end, times]) => `${end} × ${times}`);
    process.stdout.write(`| ${name} | ${title} | ${died} | ${how.join(", ")} |\n`);
  }
}
process.exitCode = ours === 0 ? 0 : 1;
