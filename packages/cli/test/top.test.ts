/** `interpreters top`: attaching, the screen, and its keys. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { render, type View } from "../src/top/screen.js";
import { ratesOf, type Snapshot } from "../src/top/snapshot.js";
import { keysOf } from "../src/top/top.js";
import { ended, MAIN, useFolder } from "./command.js";
import { hasTerminals, TerminalProcess } from "./terminal.js";

const LIBRARY = pathToFileURL(join(import.meta.dirname, "../../../interpreters/dist/src/entry.mjs")).href;
const { folder } = useFolder({
  "inspected.mjs": `
    import { create, createQueue, inspectable } from ${JSON.stringify(LIBRARY)};
    inspectable();
    const queue = createQueue();
    queue.putNowait(1);
    const interp = create({ name: "busy" });
    interp.call(async function work(n) { await new Promise((resolve) => setTimeout(resolve, n)); }, 1e6).catch(() => {});
    await interp.with({ waitTimeout: 1 }).call(() => 1).catch(() => {});
    console.log("ready");
  `,
});
const options = { timeout: 60_000, skip: process.platform === "win32" && "there is no such folder" };
const user = process.getuid?.() ?? 0;

/** Starts a program that can be inspected, and waits until it is. */
async function inspected(tmp = folder): Promise<ReturnType<typeof spawn>> {
  const env = { ...process.env, TMPDIR: tmp };
  const child = spawn(process.execPath, [join(folder, "inspected.mjs")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

function connects(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => resolve(true)).once("error", () => resolve(false));
    connection.once("connect", () => connection.destroy());
  });
}

function top(...args: readonly string[]): ReturnType<typeof ended> {
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, [MAIN, "top", ...args], { env });
  child.stdin.end();
  return ended(child);
}

test("top --json and top without a terminal show a process once", options, async () => {
  const child = await inspected();
  const { code, stdout } = await top(String(child.pid), "--json");
  assert.equal(code, 0);
  const snapshot = JSON.parse(stdout) as Snapshot;
  assert.equal(snapshot.pid, child.pid);
  assert.deepEqual(
    snapshot.interpreters.map(({ name, executing }) => [name, executing.map(({ what }) => what)]),
    [
      ["main", []],
      ["busy", ["work"]],
    ],
  );
  assert.equal(snapshot.queues[0].size, 1);
  const plain = await top(String(child.pid));
  assert.match(plain.stdout, /ID NAME +STATE/);
  assert.match(plain.stdout, /1 busy +running .* work\n/);
  child.kill("SIGKILL");
});

test("a process that was killed leaves a socket that says nothing", options, async () => {
  const child = await inspected();
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  const { code, stderr } = await top(String(child.pid));
  assert.equal(code, 2);
  assert.equal(stderr, `interpreters: there is no process ${child.pid}\n`);
});

test("processes that cannot be looked at", options, async () => {
  const { stderr } = await top(String(process.pid));
  assert.match(
    stderr,
    /cannot be looked at: start it with INTERPRETERS_INSPECT=1, or call inspectable\(\) in it\n/,
  );
});

test(
  "another user's process says whose it is",
  { ...options, skip: user !== 0 && "only root can start one" },
  async () => {
    // Not this Node: that user may be unable to enter the folder that its binary lies in.
    const other = spawn("sleep", ["1000000"], { uid: 65_534, gid: 65_534 });
    await once(other, "spawn");
    const { code, stderr } = await top(String(other.pid));
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `interpreters: process ${other.pid} belongs to another user (65534), who alone can look at it\n`,
    );
    other.kill("SIGKILL");
  },
);

test("a socket in a folder that others can enter is not trusted", options, async () => {
  const open = join(folder, "open");
  const sockets = join(open, `interpreters-${user}`);
  mkdirSync(sockets, { recursive: true, mode: 0o755 });
  writeFileSync(join(sockets, "note"), "");
  const server = createServer(() => assert.fail("it connected")).listen(join(sockets, "4194304.sock"));
  const env = { ...process.env, TMPDIR: open };
  const child = spawn(process.execPath, [MAIN, "top", "4194304"], { env });
  child.stdin.end();
  assert.equal((await ended(child)).stderr, "interpreters: there is no process 4194304\n");
  server.close();
});

test("a process that ends while it is watched", options, async () => {
  const sockets = join(folder, `interpreters-${user}`);
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  // It accepts, and ends before it answers.
  const server = createServer((socket) => socket.destroy()).listen(join(sockets, "4194303.sock"));
  const { code, stderr } = await top("4194303", "--json");
  assert.equal(code, 1);
  assert.equal(stderr, "interpreters: process 4194303 has ended\n");
  server.close();
});

test(
  "what answers in the place of a process, and that this one has a socket nobody listens at",
  options,
  async () => {
    const sockets = join(folder, `interpreters-${user}`);
    mkdirSync(sockets, { recursive: true, mode: 0o700 });
    const server = createServer((socket) => socket.end("no JSON\n")).listen(join(sockets, "4194302.sock"));
    const { code, stderr } = await top("4194302", "--json");
    assert.deepEqual([code, stderr], [1, "interpreters: process 4194302 has ended\n"]);
    server.close();
    // Between its making and listening, a socket refuses connections. Its process lives.
    const mine = join(sockets, `${process.pid}.sock`);
    spawnSync("python3", [
      "-c",
      `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(mine)})`,
    ]);
    const exists = existsSync(mine);
    assert.match((await top(String(process.pid))).stderr, /cannot be looked at/);
    assert.equal(existsSync(mine), exists);
  },
);

test(
  "a process that does not answer can be left",
  { ...options, skip: !hasTerminals && "there is no pseudo-terminal" },
  async (t) => {
    const child = await inspected();
    t.after(() => child.kill("SIGKILL"));
    while (!(await connects(join(folder, `interpreters-${user}`, `${child.pid}.sock`))));
    child.kill("SIGSTOP");
    const env = { TMPDIR: folder };
    const screen = new TerminalProcess(["top", String(child.pid)], { cwd: folder, env });
    // It connects, as that is the system's doing, and waits for an answer.
    screen.type("q");
    assert.equal(await screen.ended, 0);
  },
);

const times = { p50: 1.5, p99: 2500 };
const snapshot: Snapshot = {
  version: 1,
  pid: 7,
  title: "server.js",
  node: "v26.0.0",
  uptime: 3725,
  queuesAt: 3725,
  cpu: { user: 1_000_000, system: 0 },
  rss: 100 * 1_048_576,
  interpreters: [
    {
      id: 0,
      name: "main",
      whence: "runtime init",
      state: "idle",
      executing: [],
      waiting: 0,
      utilisation: 0.02,
      heap: 8_000_000,
      silent: 4000,
    },
    {
      id: 1,
      name: "b",
      whence: "interpreters module",
      state: "running",
      executing: [
        { what: "resize", from: 0, ms: 61_000 },
        { what: "resize", from: 0, ms: 5 },
      ],
      waiting: 2,
      utilisation: 1,
      heap: null,
      silent: null,
    },
    {
      id: 2,
      name: "a",
      whence: "interpreters module",
      state: "idle",
      executing: [],
      waiting: 0,
      utilisation: 0.5,
      heap: 20_000_000,
      silent: 10,
    },
  ],
  queues: [{ id: 3, size: 4, maxsize: 5, getters: 0, putters: 1, put: 2, taken: 4_294_967_295 }],
  pools: [
    {
      owner: 0,
      name: "thumbs",
      maxWorkers: 4,
      concurrency: 1,
      workers: [1, 2],
      inLine: 9,
      running: 1,
      stats: { completed: 10, failed: 2, cancelled: 0, waitTime: times, runTime: times, utilisation: 0.5 },
      age: 0,
    },
  ],
};
const before: Snapshot = {
  ...snapshot,
  uptime: 3723,
  // Nothing watched it before, so that it had not looked for a while.
  queuesAt: 3720,
  cpu: { user: 0, system: 0 },
  queues: [{ ...snapshot.queues[0], put: 4_294_967_292, taken: 4_294_967_285 }],
};
const view: View = { sort: "id", selected: undefined, message: "", columns: 120, rows: 0, styled: false };

describe("the screen of top", () => {
  test("shows interpreters, pools and queues", () => {
    const lines = render(snapshot, before, view);
    assert.equal(lines[0], "7   server.js   Node 26.0.0   up 1h02m   CPU 50 %   RSS 100M");
    assert.match(lines[3], /^ +0 main +blocked +4\.0s +- +7\.6M$/);
    assert.match(lines[4], /^ +1 b +running +1m01s +2 +100% +- resize \(and 1 more\)$/);
    assert.match(lines[8], /^thumbs +2\/4 +9 +1 +10 +2 +1\.5ms \/ 2\.5s +1\.5ms \/ 2\.5s$/);
    assert.match(lines[11], /^ +3 +4 +5 +0 +1 +1 +2$/);
  });

  test("rates go on when the counters wrap around", () => {
    assert.deepEqual(ratesOf(before, snapshot).get(3), { put: 1.2, taken: 2 });
  });

  test("sorts", () => {
    const ids = (sort: View["sort"]): number[] =>
      render(snapshot, before, { ...view, sort })
        .slice(3, 6)
        .map((line) => Number(line.trim().split(" ")[0]));
    assert.deepEqual(ids("name"), [2, 1, 0]);
    assert.deepEqual(ids("time"), [1, 0, 2]);
    assert.deepEqual(ids("utilisation"), [1, 2, 0]);
    assert.deepEqual(ids("memory"), [2, 0, 1]);
    assert.deepEqual(ids("state"), [1, 2, 0]);
  });

  test("fits into a small terminal", () => {
    const lines = render(snapshot, before, { ...view, columns: 40, rows: 8, message: "asked" });
    assert.equal(lines.length, 8);
    assert.ok(lines.every((line) => line.length <= 40));
    assert.match(lines[5], /more lines/);
    assert.equal(lines[6], "asked");
  });

  test("names cannot control the terminal", () => {
    const evil = "\u001B]0;owned\u0007\u001B[2J\n\u009B31m\u202E";
    const [main, ...others] = snapshot.interpreters;
    const executing = [{ what: evil, from: 0, ms: 1 }];
    const lines = render(
      {
        ...snapshot,
        title: evil,
        interpreters: [{ ...main, name: evil, executing }, ...others],
        pools: [{ ...snapshot.pools[0], name: evil }],
      },
      before,
      view,
    );
    assert.equal(lines.length, render(snapshot, before, view).length);
    assert.doesNotMatch(lines.join(""), /[\p{Cc}\p{Cf}]/u);
  });

  test("keys", () => {
    assert.deepEqual([...keysOf("k\u001B[A\u001B[Bq")], ["k", "\u001B[A", "\u001B[B", "q"]);
  });
});
