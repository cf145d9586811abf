/** What a process shows through its socket, and who can reach that. The command line's own tests are in packages/cli. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { type Running, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, skip: process.platform === "win32" && "there is no such folder" };
const module = new URL("./inspect.scenarios.js", import.meta.url);
const base = mkdtempSync(join(tmpdir(), "interpreters-inspect-"));
after(() => rmSync(base, { recursive: true, force: true }));
const user = process.getuid?.() ?? 0;

let folders = 0;
function newBase(): string {
  const folder = join(base, String(++folders));
  mkdirSync(folder);
  return folder;
}

interface Snapshot {
  readonly interpreters: {
    readonly id: number;
    readonly name: string;
    readonly state: string;
    readonly executing: { readonly what: string; readonly from: number; readonly ms: number }[];
    readonly silent: number | null;
    readonly waiting: number;
  }[];
  readonly queues: {
    readonly id: number;
    readonly size: number;
    readonly maxsize: number;
    readonly getters: number;
  }[];
  readonly pools: {
    readonly name: string;
    readonly inLine: number;
    readonly running: number;
    readonly workers: number[];
    readonly stats: { readonly completed: number };
  }[];
}

/** Sends requests, one after the other answer. */
async function ask(file: string, ...requests: object[]): Promise<unknown[]> {
  const socket = connect(file);
  const answers: unknown[] = [];
  for (const request of requests) socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket })) {
    answers.push(JSON.parse(line));
    if (answers.length === requests.length) break;
  }
  socket.destroy();
  return answers;
}

const socketOf = (folder: string, { pid }: Running): string =>
  join(folder, `interpreters-${user}`, `${pid}.sock`);
const snapshotOf = async (file: string): Promise<Snapshot> =>
  (await ask(file, { get: "snapshot" }))[0] as Snapshot;

test("the supervisor answers while main is blocked, and terminates", options, async () => {
  const folder = newBase();
  const running = startScenario(module, "blocked", { env: { TMPDIR: folder } });
  await running.printed("ready\n");
  const file = socketOf(folder, running);
  assert.equal(statSync(join(file, "..")).mode & 0o777, 0o700);
  // Threads publish their pools from time to time, and queues are looked at while there is a watcher.
  const settled = ({ pools, queues }: Snapshot): boolean =>
    pools.some(
      ({ inLine, running: executing, stats }) => inLine === 3 && executing === 1 && stats.completed === 5,
    ) && queues.some(({ getters }) => getters > 0);
  while (!settled(await snapshotOf(file)));
  writeFileSync(join(folder, "go"), "");
  await running.printed("blocking\n");
  let snapshot = await snapshotOf(file);
  const late = (): string | undefined => snapshot.interpreters.find(({ name }) => name === "late")?.state;
  while (snapshot.interpreters[2].waiting === 0 || late() !== "idle") snapshot = await snapshotOf(file);
  const { interpreters, pools, queues } = snapshot;
  assert.deepEqual(
    interpreters.map(({ name }) => name),
    ["main", "thumbs-1", "hangs", "waits", "late"],
  );
  const [main, worker, hangs, waits] = interpreters;
  assert.deepEqual(
    [main.state, worker.state, hangs.state, waits.state],
    ["idle", "running", "running", "running"],
  );
  assert.equal(hangs.executing[0].what, "endless");
  assert.equal(hangs.executing[0].from, 0);
  assert.ok(hangs.executing[0].ms > 0);
  assert.equal(hangs.waiting, 1);
  const [{ name, inLine, running: executing, workers, stats }] = pools;
  assert.deepEqual(
    { name, inLine, executing, workers },
    { name: "thumbs", inLine: 3, executing: 1, workers: [1] },
  );
  assert.equal(stats.completed, 5);
  const full = queues.find(({ maxsize }) => maxsize === 2);
  assert.equal(full?.size, 2);
  assert.deepEqual(
    await ask(file, { terminate: 0 }, { terminate: 99 }, { nonsense: 1 }, { terminate: hangs.id }),
    [{ terminated: false }, { terminated: false }, { error: "unknown request" }, { terminated: true }],
  );
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  assert.equal(stdout, "ready\nblocking\nERR_INTERPRETER_DIED\n");
  assert.ok(!existsSync(file), "it takes its socket with it");
});

test("INTERPRETERS_INSPECT=1 does the same from the start", options, async () => {
  const folder = newBase();
  const running = startScenario(module, "idle", { env: { TMPDIR: folder, INTERPRETERS_INSPECT: "1" } });
  await running.printed("ready\n");
  const { interpreters } = await snapshotOf(socketOf(folder, running));
  assert.equal(interpreters[1].name, "only");
  running.kill("SIGKILL");
  await running.ended;
});

test("the portable build is inspected and traced from the start", options, async () => {
  const folder = newBase();
  const running = startScenario(module, "idle", {
    nodeArgs: ["--conditions=module"],
    env: { TMPDIR: folder, INTERPRETERS_INSPECT: "1", INTERPRETERS_TRACE: join(folder, "trace.json") },
  });
  await running.printed("ready\n");
  assert.equal((await snapshotOf(socketOf(folder, running))).interpreters[1].name, "only");
  running.kill("SIGKILL");
  await running.ended;
});

test("being inspectable does not keep a process alive", options, async () => {
  const { code, stderr } = await startScenario(module, "unreferenced", { env: { TMPDIR: newBase() } }).ended;
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a folder that others can enter, or that is a link, is refused", options, async () => {
  const open = newBase();
  mkdirSync(join(open, `interpreters-${user}`));
  chmodSync(join(open, `interpreters-${user}`), 0o755);
  const linked = newBase();
  symlinkSync(newBase(), join(linked, `interpreters-${user}`));
  for (const [folder, why] of [
    [open, "other users may enter it (mode 755)"],
    [linked, "it is not a folder"],
  ]) {
    const { stdout } = await startScenario(module, "fails", { env: { TMPDIR: folder } }).ended;
    assert.ok(stdout.startsWith("ERR_INTERPRETER_INSPECT Cannot be inspected: "), stdout);
    assert.ok(stdout.includes(why), stdout);
  }
});

test("inspectable may be called often", options, async () => {
  const { code, stderr } = await startScenario(module, "often", { env: { TMPDIR: newBase() } }).ended;
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a socket that cannot be made is reported, and the program goes on", options, async () => {
  const { code, stdout, stderr } = await startScenario(module, "obstructed", { env: { TMPDIR: newBase() } })
    .ended;
  assert.deepEqual([code, stdout], [0, "3\n"]);
  assert.match(stderr, /^interpreters: this process cannot be inspected: .*\n$/);
});

test("what a thread publishes does not pile up in others, which may be blocked", options, async () => {
  const { stdout } = await startScenario(module, "publishes", { env: { TMPDIR: newBase() } }).ended;
  // The scenario's own port.
  assert.equal(stdout, "1\n");
});

test("requests that are none, or have no end, harm nobody", options, async () => {
  const folder = newBase();
  const running = startScenario(module, "idle", { env: { TMPDIR: folder, INTERPRETERS_INSPECT: "1" } });
  await running.printed("ready\n");
  const file = socketOf(folder, running);
  const rubbish = connect(file);
  const closed = new Promise((resolve) => rubbish.once("close", resolve));
  rubbish.on("error", () => {});
  rubbish.write('\u0000{]\n[]\nnull\n\n{"terminate": 1e300}\n{"terminate": -1}\n');
  const endless = (): void => void rubbish.write("x".repeat(1 << 20), (error) => error ?? endless());
  endless();
  await closed;
  // It never reads what it asks for.
  const silent = connect(file).pause();
  silent.on("error", () => {});
  silent.write('{"get":"snapshot"}\n'.repeat(5000));
  assert.equal((await snapshotOf(file)).interpreters.length, 2);
  silent.destroy();
  running.kill("SIGKILL");
  await running.ended;
});
