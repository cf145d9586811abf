/** Traces, as a reader of the file sees them: INTERPRETERS_TRACE and `startTrace`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Ended, startScenario, until, WATCHDOG } from "../support/processes.js";
import { formatMistakes } from "../support/trace-format.js";

const options = { timeout: 3 * WATCHDOG };
const module = new URL("./trace.scenarios.js", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "interpreters-trace-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

let files = 0;
const newFile = (): string => join(folder, `${++files}.json`);

/** Reads a trace, all of which keeps to the rules of the format. `ended`: whether the process wrote its end. */
function parse(text: string, ended = true): Event[] {
  const events = JSON.parse(text) as Event[];
  assert.deepEqual(formatMistakes(events, ended).slice(0, 3), []);
  return events;
}

/** Runs a scenario that is traced, and returns the events. */
async function trace(scenario: string, file = newFile()): Promise<{ events: Event[]; ended: Ended }> {
  const ended = await startScenario(module, scenario, { env: { INTERPRETERS_TRACE: file } }).ended;
  assert.equal(ended.code, 0, ended.stderr);
  return { events: parse(readFileSync(file, "utf8")), ended };
}

const slices = (events: readonly Event[]): Event[] => events.filter(({ ph }) => ph === "X");
const named = (events: readonly Event[], name: string): Event[] =>
  events.filter((event) => event.name === name);
const threadNames = (events: readonly Event[]): Map<number, unknown> =>
  new Map(named(events, "thread_name").map(({ tid, args }) => [tid, args["name"]]));

/** Perfetto nests slices of one thread: each must begin after the one before it has ended. */
function assertNoOverlap(events: readonly Event[]): void {
  const ends = new Map<number, number>();
  for (const { tid, ts, dur, name } of slices(events).sort((a, b) => a.ts - b.ts)) {
    assert.ok(ts >= (ends.get(tid) ?? 0), `${name} at ${ts} begins in the slice before it`);
    ends.set(tid, ts + dur);
  }
}

test("a trace shows who executed what, how long it waited, and what was in line", options, async () => {
  const { events } = await trace("tasks");
  assertNoOverlap(events);
  const names = threadNames(events);
  assert.equal(names.get(0), "main");
  assert.deepEqual(
    [1, 2, 3].map((id) => names.get(id)),
    ["interpreter 1: thumbs-1", "interpreter 2: thumbs-2", "interpreter 3: solo"],
  );
  const spins = named(slices(events), "spin");
  assert.equal(spins.length, 20);
  for (const { dur, tid } of spins) {
    assert.ok(dur >= 999, `ran for ${dur} µs`);
    assert.ok(tid === 1 || tid === 2);
  }
  // Each waits from its submission until it begins.
  for (const { args, ts } of spins) {
    const [begin, end] = ["b", "e"].map((ph) => events.find((e) => e.ph === ph && e.id === args["id"]));
    assert.equal(begin?.name, "spin");
    assert.equal(begin.tid, 0);
    assert.equal(end?.ts, ts);
    assert.equal(end.ts - begin.ts, args["wait"]);
  }
  const [failed] = named(slices(events), "fails");
  assert.equal(failed.args["error"], 'TypeError: not "this"');
  assert.equal(named(slices(events), "Math.hypot").length, 1);
  assert.equal(named(slices(events), "execute a script").length, 1);
  const depths = events.filter(({ ph }) => ph === "C");
  assert.ok(named(depths, "thumbs: tasks").some(({ args }) => (args["in line"] as number) > 0));
  assert.deepEqual(named(depths, "thumbs: tasks").at(-1)?.args, { "in line": 0, running: 0 });
  assert.equal(named(depths, "queue 0")[0].args["items"], 3);
  assert.equal(named(events, "start").length, 3);
  assert.equal(named(events, "closed").length, 3);
});

test("a trace shows deaths, what they interrupted, retries and restarts", options, async () => {
  const { events } = await trace("deaths");
  assertNoOverlap(events);
  const interrupted = named(slices(events), "kills");
  assert.deepEqual(
    interrupted.map(({ args }) => args["interrupted"]),
    ["exit", "exit"],
  );
  assert.equal(named(events, "death: exit").length, 2);
  assert.equal(named(events, "retry").length, 1);
  assert.equal(named(events, "death: timeout").length, 1);
  const [hung] = named(slices(events), "hangs");
  assert.equal(hung.args["interrupted"], "timeout");
  assert.ok(hung.dur >= 19_000, `${hung.dur} µs`);
  // Its submission, which only the caller knows.
  const submitted = events.find(({ args, ph }) => ph === "i" && args["id"] === hung.args["id"]);
  assert.ok((submitted?.args["submitted"] as number) <= hung.ts);
  const restarts = named(events, "restart");
  assert.deepEqual(
    restarts.map(({ args }) => args["replaces"]),
    [1, 2, 3],
  );
});

test("interpreters that call others write to the same trace", options, async () => {
  const { events } = await trace("nested");
  const inside = named(slices(events), "inside");
  assert.equal(inside.length, 3);
  for (const { tid, args } of inside) {
    assert.equal(tid, 2);
    assert.match(String(args["id"]), /^1\./);
  }
});

test("interpreters that are older than the trace are traced, too", options, async () => {
  const file = newFile();
  const { code, stderr } = await startScenario(module, "older", { env: { FILE: file } }).ended;
  assert.equal(code, 0, stderr);
  assert.equal(named(slices(parse(readFileSync(file, "utf8"))), "inside").length, 2);
});

test("tasks that an interpreter executes at once have threads of their own", options, async () => {
  const { events } = await trace("concurrent");
  assertNoOverlap(events);
  const tasks = slices(events).filter(({ tid }) => tid % 1_000_000 === 1);
  const threads = new Set(tasks.map(({ tid }) => tid));
  assert.equal(threads.size, 3);
  for (const tid of threads) assert.ok(threadNames(events).has(tid));
});

test("a trace shows spares", options, async () => {
  const { events } = await trace("spares");
  assert.ok(named(events, "spares").some(({ args }) => args["spares"] === 1));
  assert.ok(named(events, "start (a spare)").length >= 1);
});

test(
  "a thread that never returns to its event loop is traced; killed, it leaves all but the end",
  options,
  async () => {
    const file = newFile();
    const running = startScenario(module, "blocked", { env: { INTERPRETERS_TRACE: file } });
    await running.printed("called\n");
    const read = (): string => readFileSync(file, "utf8");
    await until(() => read().split('"ph":"X"').length > 20_000, "all calls are in the file");
    running.kill("SIGKILL");
    await running.ended;
    const text = read();
    assert.throws(() => parse(text));
    // The format's form of an array may lack its end.
    assert.equal(named(slices(parse(`${text}]`, false)), "Math.abs").length, 20_000);
  },
);

test("what is executed when the process exits is shown as unfinished", options, async () => {
  const { events } = await trace("unfinished");
  const [endless] = named(slices(events), "endless");
  assert.equal(endless.args["unfinished"], true);
});

test("all of 100 000 tasks are in the trace", options, async () => {
  const { events } = await trace("thousands");
  assertNoOverlap(events);
  const tasks = named(slices(events), "Math.abs");
  assert.equal(tasks.length, 100_000);
  assert.equal(new Set(tasks.map(({ args }) => args["id"])).size, 100_000);
});

test(
  "the tasks of a process that exits in the midst of them, and ends their workers, are in the trace",
  options,
  async () => {
    const { events, ended } = await trace("exits");
    const tasks = named(slices(events), "Math.abs");
    const unfinished = tasks.filter(({ args }) => args["unfinished"] === true).length;
    const ids = new Set(tasks.map(({ args }) => args["id"]));
    assert.equal(ids.size, tasks.length);
    // Those that were done without their outcome having arrived yet are in nobody's count.
    assert.ok(tasks.length - unfinished >= Number(ended.stdout), `${tasks.length} of ${ended.stdout}`);
  },
);

test(
  "what was kept for later is in the trace soon after, and nothing of it stays beside the trace",
  options,
  async () => {
    const file = newFile();
    const running = startScenario(module, "burst", { env: { INTERPRETERS_TRACE: file } });
    await running.printed("done\n");
    const count = (): number => readFileSync(file, "utf8").split('"ph":"X"').length - 1;
    await until(() => count() >= 50_000, "all tasks are in the file of a process that goes on");
    running.kill("SIGKILL");
    await running.ended;
    const tasks = named(slices(parse(`${readFileSync(file, "utf8")}]`, false)), "Math.abs");
    assert.equal(new Set(tasks.map(({ args }) => args["id"])).size, 50_000);
    assert.equal(tasks.length, 50_000);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".spill")),
      [],
    );
  },
);

test("a trace that cannot be written is an error at once", options, async () => {
  const missing = join(folder, "missing", "trace.json");
  const { code, stderr } = await startScenario(module, "tasks", { env: { INTERPRETERS_TRACE: missing } })
    .ended;
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write a trace to ".*trace\.json": ENOENT/);
  assert.match(stderr, /ERR_INTERPRETER_TRACE/);
});

test("a disk that is full ends the trace, and nothing else", options, async (t) => {
  if (!existsSync("/dev/full")) return t.skip("there is no /dev/full here");
  const file = newFile();
  symlinkSync("/dev/full", file);
  const { code, stderr } = await startScenario(module, "tasks", { env: { INTERPRETERS_TRACE: file } }).ended;
  // The first bytes are written at once.
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write a trace to .* ENOSPC/);
});

test("a pipe is refused: all threads would wait for its reader", options, async (t) => {
  const file = newFile();
  if (spawnSync("mkfifo", [file]).status !== 0) return t.skip("there is no mkfifo here");
  const { code, stderr } = await startScenario(module, "tasks", { env: { INTERPRETERS_TRACE: file } }).ended;
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write a trace to ".*": it is a pipe/);
});

test("startTrace: once in a process; `end` completes the file", options, async () => {
  const file = newFile();
  const { code, stdout, stderr } = await startScenario(module, "twice", { env: { FILE: file } }).ended;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "ERR_INTERPRETER_TRACE\na process can be traced once, and its trace has ended\n");
  assert.ok(parse(readFileSync(file, "utf8")).length > 0);
});

test("child processes do not write over the trace, or write their own with %p", options, async () => {
  const plain = newFile();
  assert.equal((await trace("child", plain)).ended.stdout, "none\n");
  const file = join(folder, "of-%p.json");
  const running = startScenario(module, "child", { env: { INTERPRETERS_TRACE: file } });
  assert.equal((await running.ended).stdout, `${file}\n`);
  parse(readFileSync(join(folder, `of-${running.pid}.json`), "utf8"));
});
