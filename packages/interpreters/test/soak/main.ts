/**
 * `npm run soak -- [--minutes N | --kills N] [--seed S] [--lanes N] [--every SECONDS]`
 *
 * Kills interpreters under load for as long as asked, and prints what it did. Exits with 1 after a violation, and prints the
 * violation and the seed. Ctrl-C ends it with its summary.
 *
 * The soak itself runs in a child process, so that the parent can report it if the child hangs as a whole, or is aborted.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Progress, soak, type SoakOptions } from "./soak.js";

const USAGE = `Usage: npm run soak -- [--minutes N | --kills N] [--seed S] [--lanes N] [--every SECONDS]

  --minutes N      ends after N minutes
  --kills N        ends after N interpreters were killed (default: 1000)
  --seed S         seed of the first round (default: by the clock); each round has the next
  --lanes N        rounds that go on beside each other (default: one for each core)
  --every SECONDS  how often to print what was done so far (default: 10)
`;

/** Longer than any round may take; after that, the whole process hangs. Milliseconds. */
const PATIENCE = 300_000;

interface Settings extends SoakOptions {
  readonly every: number;
}

function settingsFrom(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string" },
      kills: { type: "string" },
      seed: { type: "string" },
      lanes: { type: "string" },
      every: { type: "string", default: "10" },
    },
  });
  const number = (name: keyof typeof values, otherwise: number, least: number): number => {
    const text = values[name];
    const value = text === undefined ? otherwise : Number(text);
    if (!(value >= least)) throw new RangeError(`--${name} must be a number from ${least} on, found ${text}`);
    return value;
  };
  if (values.minutes !== undefined && values.kills !== undefined) {
    throw new TypeError("--minutes and --kills exclude each other");
  }
  return {
    kills: number("kills", values.minutes === undefined ? 1000 : Infinity, 1),
    duration: number("minutes", Infinity, 0) * 60_000,
    seed: Math.floor(number("seed", Date.now() % 1_000_000, 1)),
    lanes: Math.floor(number("lanes", availableParallelism(), 1)),
    every: number("every", 10, 0) * 1000,
  };
}

const MB = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

function describe({ rounds, deaths, kills, items, elapsed, rss, shared }: Progress): string {
  const ways = Object.entries(kills)
    .filter(([, count]) => count > 0)
    .map(([way, count]) => `${way} ${count}`);
  const fates = Object.entries(items).map(([fate, count]) => `${fate} ${count}`);
  return (
    `${Math.round(elapsed / 1000)} s: ${rounds} rounds; ${deaths} deaths (${ways.join(", ")}); ` +
    `items: ${fates.join(", ")}; resident ${MB(rss[0])} -> ${MB(rss[1])}; ` +
    `shared memory ${MB(shared.inUse)} in use of ${MB(shared.size)}`
  );
}

/** The soak, in the process that the parent started for it. */
async function run(settings: Settings): Promise<void> {
  const controller = new AbortController();
  process.on("SIGINT", () => {}); // The parent says when to stop.
  process.once("message", () => controller.abort());
  let due = settings.every;
  let last: Progress | undefined;
  try {
    const end = await soak({
      ...settings,
      signal: controller.signal,
      onRound(progress) {
        last = progress;
        process.send?.("alive");
        if (progress.elapsed < due) return;
        console.log(describe(progress));
        due = progress.elapsed + settings.every;
      },
    });
    console.log(`summary: ${describe(end)}; nothing wrong`);
    process.exit(0);
  } catch (error) {
    console.error(error);
    if (last !== undefined) console.log(`summary: ${describe(last)}; FAILED`);
    console.log(`VIOLATION: ${(error as Error).message}`);
    process.exit(1);
  }
}

/** Starts the soak in a child process, and reports what that process can no longer report itself. */
function supervise(settings: Settings): void {
  console.log(`soak: seed ${settings.seed}, ${settings.lanes} lanes`);
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2), "--seed", String(settings.seed)];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [CHILD]: "1" },
  });
  const giveUp = (): void => {
    console.log(`VIOLATION: the process hangs: no round has ended for ${PATIENCE / 1000} s`);
    child.kill("SIGKILL");
  };
  let watchdog = setTimeout(giveUp, PATIENCE);
  child.on("message", () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(giveUp, PATIENCE);
  });
  process.on("SIGINT", () => {
    if (child.connected) child.send("stop");
  });
  child.on("exit", (code, signal) => {
    clearTimeout(watchdog);
    if (signal !== null) console.log(`VIOLATION: the process was ended by ${signal}; seed ${settings.seed}`);
    process.exitCode = code === 0 ? 0 : 1;
  });
}

const CHILD = "INTERPRETERS_SOAK_CHILD";

try {
  const settings = settingsFrom(process.argv.slice(2));
  if (process.env[CHILD] === undefined) supervise(settings);
  else await run(settings);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 2;
}
