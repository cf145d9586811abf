/**
 * `npm run fuzz -- [--target bytes|values] [--seconds N] [--seed S] [--corpus FOLDER] [--input BASE64]`
 *
 * Fuzzes the codec, guided by coverage. Exits with 1 if an input fails, and prints that input, reduced; `--input` runs it
 * again.
 *
 * Each target runs in a child process. It writes every input to a file before it runs it, so that the parent can also report
 * an input that crashes the process, exhausts its memory or never returns.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { inspect, parseArgs } from "node:util";
import { Chance } from "../../support/queues.js";
import { fuzz, type Target } from "./fuzzer.js";

const USAGE = `Usage: npm run fuzz -- [--target bytes|values] [--seconds N] [--seed S] [--corpus FOLDER] [--input BASE64]

  --target NAME    bytes: decodes any bytes; values: copies values that bytes describe (default: both, one after the other)
  --seconds N      how long to run each target (default: 60)
  --seed S         of the random numbers (default: by the clock)
  --corpus FOLDER  where to read and keep inputs that reach something new (default: keeps none)
  --input BASE64   runs this input of a target only
`;

const NAMES = ["bytes", "values"] as const;
type Name = (typeof NAMES)[number];

/** How long an input may take. Milliseconds. */
const PATIENCE = 30_000;
/** The child's heap, far more than inputs of MAX_LENGTH bytes need. Megabytes. */
const HEAP = 512;
/** Set for the child process: the file to which it writes the current input. */
const CURRENT = "INTERPRETERS_FUZZ_CURRENT";

interface Settings {
  readonly names: readonly Name[];
  readonly seconds: number;
  readonly seed: number;
  readonly corpus: string | undefined;
  readonly input: Buffer | undefined;
}

function settingsFrom(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      target: { type: "string" },
      seconds: { type: "string", default: "60" },
      seed: { type: "string" },
      corpus: { type: "string" },
      input: { type: "string" },
    },
  });
  const names = NAMES.filter((name) => values.target === undefined || values.target === name);
  const seconds = Number(values.seconds);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (names.length === 0) throw new TypeError(`--target must be bytes or values, found ${values.target}`);
  if (!(seconds > 0)) throw new RangeError(`--seconds must be a number above 0, found ${values.seconds}`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`--seed must be an integer, found ${values.seed}`);
  if (values.input !== undefined && names.length > 1) throw new TypeError("--input needs --target");
  const input = values.input === undefined ? undefined : Buffer.from(values.input, "base64");
  return { names, seconds, seed, corpus: values.corpus, input };
}

/** Fuzzes one target, in the child process. Resolves to whether no input failed. */
async function work(name: Name, settings: Settings, current: string): Promise<boolean> {
  // Only here: these load and instrument the codec.
  const { counters } = await import("./instrument.js");
  const { fuzzed, MAX_LENGTH } = await import("./targets.js");
  const { target, seeds, dictionary } = fuzzed()[name];
  if (settings.input !== undefined) {
    target(settings.input);
    console.log("nothing wrong");
    return true;
  }
  const file = openSync(current, "w");
  const note = Buffer.alloc(4 + MAX_LENGTH);
  const folder = settings.corpus === undefined ? undefined : path.join(settings.corpus, name);
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const kept = folder === undefined ? [] : readdirSync(folder).map((each) => path.join(folder, each));
  const start = performance.now();
  const { runs, corpus, edges, failure } = fuzz({
    target,
    counters,
    chance: new Chance(settings.seed),
    seeds: [...seeds, ...kept.map((each) => readFileSync(each))],
    dictionary,
    maxLength: MAX_LENGTH,
    goOn: () => performance.now() - start < settings.seconds * 1000,
    onRun(input) {
      note.writeUInt32LE(input.length);
      input.copy(note, 4);
      writeSync(file, note, 0, 4 + input.length, 0);
    },
    onKeep(input) {
      if (folder === undefined) return;
      writeFileSync(path.join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16)), input);
    },
  });
  const seconds = Math.max(1, Math.round((performance.now() - start) / 1000));
  console.log(
    `${name}: seed ${settings.seed}, ${seconds} s, ${runs} runs, ${corpus.length} inputs kept, ` +
      `${edges} of ${counters.used} edges`,
  );
  if (failure === undefined) return true;
  console.log(inspect(failure.error));
  console.log(found(name, reduced(target, failure.input)));
  return false;
}

function found(name: Name, input: Buffer): string {
  return `FOUND: npm run fuzz -- --target ${name} --input ${input.toString("base64")}`;
}

/** Reduces an input for which the target throws. */
function reduced(target: Target, input: Buffer): Buffer {
  let best = input;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.length;) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      try {
        target(shorter);
        at += size;
      } catch {
        best = shorter;
      }
    }
  }
  return best;
}

/** Runs one target in a child process. Resolves to whether no input failed. */
async function supervise(name: Name, args: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-fuzzing-"));
  const current = path.join(folder, "current");
  writeFileSync(current, "");
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP}`, fileURLToPath(import.meta.url), ...args, "--target", name],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, [CURRENT]: current } },
  );
  const watchdog = setInterval(() => {
    if (Date.now() - statSync(current).mtimeMs < PATIENCE) return;
    console.log(`${name}: an input takes longer than ${PATIENCE / 1000} s`);
    child.kill("SIGKILL");
  }, 1000);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (...end) => resolve(end));
    });
    if (signal !== null || code! > 1) {
      const note = readFileSync(current);
      console.log(`${name}: the process ended with ${signal ?? `code ${code}`}`);
      if (note.length >= 4) console.log(found(name, note.subarray(4, 4 + note.readUInt32LE())));
    }
    return code === 0;
  } finally {
    clearInterval(watchdog);
    rmSync(folder, { recursive: true });
  }
}

try {
  const args = process.argv.slice(2);
  const settings = settingsFrom(args);
  const current = process.env[CURRENT];
  if (current !== undefined) process.exitCode = (await work(settings.names[0], settings, current)) ? 0 : 1;
  else {
    for (const name of settings.names) {
      if (!(await supervise(name, [...args, "--seed", String(settings.seed)]))) process.exitCode = 1;
    }
  }
} catch (error) {
  process.stderr.write(
    process.env[CURRENT] === undefined ? `${(error as Error).message}\n\n${USAGE}` : `${inspect(error)}\n`,
  );
  process.exitCode = process.env[CURRENT] === undefined ? 2 : 1;
}
