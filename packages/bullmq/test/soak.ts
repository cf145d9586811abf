/**
 * A long trial, for as many minutes as you like: workers are killed, frozen and shut down, Redis is stopped, killed and started again, and connections
 * are cut and dropped, in random order under load. Exits with 1 if a task was lost, had two outcomes or a wrong one, or if keys are left in Redis.
 *
 *     npm run soak -- [--minutes 10] [--seed N]
 */
import { parseArgs } from "node:util";
import { type Future, fromModule, InterpreterDiedError } from "interpreters";
import { executorOf, Fleet, until } from "./support/fleet.js";
import { Proxy, Redis, skip } from "./support/redis.js";

const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
const minutes = Number(values.minutes ?? 10);
let seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new TypeError("--minutes and --seed must be numbers");
if (skip !== false) throw new Error(skip);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`seed ${seed}`);

/** A number from 0 up to `most`, by the seed (Numerical Recipes' generator). */
function random(most: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * most);
}
const delay = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
await using redis = await Redis.start("--appendonly", "yes", "--appendfsync", "always");
await using near = await Proxy.start(redis.port);
await using far = await Proxy.start(redis.port);
await using fleet = new Fleet({ queue: "tasks", connection: far.url });
await Promise.all([fleet.start(true), fleet.start(true)]);
const executor = executorOf(near.url, { retries: 1000 });

const troubles: Record<string, () => Promise<void> | void> = {
  kill: () => fleet.kill(),
  shutdown: () => void [...fleet.processes][0]?.kill("SIGTERM"),
  async freeze() {
    const [child] = fleet.processes;
    child?.kill("SIGSTOP");
    await delay(random(4000));
    child?.kill("SIGCONT");
  },
  async restart() {
    await redis.stop(random(2) === 0 ? "SIGTERM" : "SIGKILL");
    await delay(random(3000));
    await redis.resume();
  },
  cut() {
    near.cut();
    far.cut();
  },
  strand: () => (random(2) === 0 ? near : far).strand(),
  async drop() {
    const proxy = random(2) === 0 ? near : far;
    proxy.drop();
    await delay(random(4000));
    proxy.restore();
  },
};

let submitted = 0;
let done = 0;
const wrong: unknown[] = [];
const open = new Set<Future<unknown>>();
const large = new Uint8Array(100_000);
function submit(): void {
  const n = submitted++;
  const kind = random(100);
  const future: Future<unknown> =
    kind === 0
      ? executor.submit(f.large, 100_000)
      : kind === 1
        ? executor.submit(f.same, large)
        : kind === 2
          ? executor.submit(f.later, random(500), n)
          : executor.submit(f.square, n);
  const expected = kind <= 1 ? large.length : kind === 2 ? n : n * n;
  open.add(future);
  future.addDoneCallback(() => {
    done++;
    if (!open.delete(future)) wrong.push(`task ${n} had two outcomes`);
  });
  future.then(
    (value) => {
      const found = value instanceof Uint8Array ? value.length : value;
      if (found !== expected) wrong.push(`task ${n} returned ${String(found)}`);
    },
    (error: unknown) =>
      void wrong.push(error instanceof InterpreterDiedError ? `task ${n} died: ${error.message}` : error),
  );
}

const counts: Record<string, number> = {};
const end = performance.now() + minutes * 60_000;
while (performance.now() < end && wrong.length === 0) {
  while (open.size < 2000) submit();
  const names = Object.keys(troubles);
  const name = names[random(names.length)];
  counts[name] = (counts[name] ?? 0) + 1;
  await troubles[name]();
  const before = done;
  // Whatever happened, it goes on.
  await until(() => done > before, `a task is done after ${name}`);
  await delay(random(1000));
}
await Promise.allSettled(open);
await until(() => done === submitted, "all callbacks were called");
await executor.shutdown();
const left = async (): Promise<string[]> =>
  (await redis.keys()).filter((key) => /:(?:args|taken|replies|result):|:lock$/.test(key));
await until(async () => (await left()).length === 0, "no keys are left").catch(async () =>
  wrong.push(`keys are left: ${(await left()).slice(0, 10).join(" ")}`),
);
const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
say(`${submitted} tasks, ${done} outcomes, ${wrong.length} wrong; ${memory} MiB; ${JSON.stringify(counts)}`);
for (const each of wrong.slice(0, 20)) say(String(each));
process.exitCode = wrong.length === 0 ? 0 : 1;
