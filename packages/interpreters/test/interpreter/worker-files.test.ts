/** Files written for `new Worker` run unchanged in interpreters: `workerData`, `parentPort`, environment data and `threadId`. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import {
  type MessagePort,
  MessageChannel,
  receiveMessageOnPort,
  setEnvironmentData,
  Worker,
} from "node:worker_threads";
import {
  create,
  createQueue,
  type CreateOptions,
  fromModule,
  type Interpreter,
  type Language,
  listAll,
  move,
  NotShareableError,
  prewarm,
  type Queue,
} from "interpreters";
import { limits, thrown, until } from "../support/ways.js";

const file = new URL("./written-for-worker.js", import.meta.url);
const cjs = new URL("./written-for-worker-cjs.cjs", import.meta.url);

// Awaiting `ended` does not keep the process alive.
let alive: NodeJS.Timeout;
before(() => void (alive = setInterval(() => {}, 1000)));
after(() => clearInterval(alive));

/** The messages that a port gets, in order. */
class Inbox {
  readonly messages: unknown[] = [];

  constructor(port: { on(event: "message", listener: (message: unknown) => void): unknown }) {
    port.on("message", (message) => this.messages.push(message));
  }

  async next(): Promise<unknown> {
    await until(() => this.messages.length > 0, "a message arrives");
    return this.messages.shift();
  }
}

/** Runs the file in an interpreter; the other end of its `parentPort` is in place of the worker. */
function start(options: Omit<CreateOptions, "parentPort">, url = file): [MessagePort, Interpreter] {
  const { port1, port2 } = new MessageChannel();
  const interp = create({ ...options, parentPort: port2 });
  void interp.exec(`await import(${JSON.stringify(url.href)})`).catch(() => {});
  return [port1, interp];
}

test("a file does the same in an interpreter as in a worker", limits, async () => {
  setEnvironmentData("greeting", "hello");
  const worker = new Worker(file, { workerData: { base: 40 } });
  const [port, interp] = start({ workerData: { base: 40 }, environmentData: { greeting: "hello" } });
  const inboxes = [new Inbox(worker), new Inbox(port)];
  const [exits, closed] = [once(worker, "exit"), once(port, "close")];
  const both = async (): Promise<unknown> => {
    const [there, here] = await Promise.all(inboxes.map((inbox) => inbox.next()));
    assert.deepEqual(here, there);
    return here;
  };
  const post = (message: unknown): void => [worker, port].forEach((to) => to.postMessage(message));
  assert.deepEqual(await both(), ["ready", false, true, 40, "hello"]);
  post({ add: 2 });
  assert.deepEqual(await both(), ["sum", 42]);
  post({ exit: 3 });
  assert.deepEqual(await both(), ["leaving"]);
  const [code] = (await exits) as [number];
  assert.equal(code, (await interp.ended).exitCode);
  await closed;
  setEnvironmentData("greeting", undefined as unknown as string);
});

test("a CommonJS file, required, imported or named by fromModule", limits, async () => {
  const [port, interp] = start({ workerData: 21 }, cjs);
  const inbox = new Inbox(port);
  assert.equal(await inbox.next(), "ready");
  port.postMessage("text");
  assert.deepEqual(await inbox.next(), [21, "text", true]);
  const { double } = fromModule<{ double(n: number): number }>(cjs);
  assert.equal(await interp.call(double, 2), 42);
  port.close();
  await interp.close();
});

test("messages go both ways while a call runs there and this thread blocks", limits, async () => {
  const { port1, port2 } = new MessageChannel();
  await using interp = create({ parentPort: port2 });
  port1.postMessage("before");
  const seen = interp.callSync(async () => {
    const { parentPort } = await import("node:worker_threads");
    const first: unknown = await new Promise((resolve) => parentPort!.once("message", resolve));
    parentPort!.postMessage("while it blocks");
    return first;
  });
  assert.equal(seen, "before");
  // The event loop of this thread has not turned.
  assert.deepEqual(receiveMessageOnPort(port1), { message: "while it blocks" });

  // The interpreter does not come to its event loop, and polls.
  const flag = new SharedArrayBuffer(4);
  const polled = interp.call((flag: SharedArrayBuffer) => {
    const { parentPort, receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
    parentPort?.postMessage("polling");
    Atomics.wait(new Int32Array(flag), 0, 0);
    return receiveMessageOnPort(parentPort!)?.message as unknown;
  }, flag);
  assert.deepEqual(await once(port1, "message"), ["polling"]);
  port1.postMessage("polled");
  Atomics.store(new Int32Array(flag), 0, 1);
  Atomics.notify(new Int32Array(flag), 0);
  assert.equal(await polled, "polled");
  port1.close();
});

test(
  "a port that moved with an argument, a result or an item is polled while its thread blocks",
  limits,
  async () => {
    await using interp = create();
    const queue = createQueue<MessagePort>();
    const poll = (port: MessagePort, item: Queue<MessagePort>): unknown[] => {
      const { receiveMessageOnPort } = process.getBuiltinModule("node:worker_threads");
      const other = item.getSync() as MessagePort;
      port.postMessage("answer");
      return [receiveMessageOnPort(port)?.message, receiveMessageOnPort(other)?.message];
    };
    const [a, b] = [new MessageChannel(), new MessageChannel()];
    a.port1.postMessage("argument");
    b.port1.postMessage("item");
    queue.putNowait(b.port2, { transfer: [b.port2] });
    assert.deepEqual(interp.with({ transfer: [a.port2] }).callSync(poll, a.port2, queue), [
      "argument",
      "item",
    ]);
    assert.equal(receiveMessageOnPort(a.port1)?.message, "answer");
    const index = import.meta.resolve("interpreters");
    const port = interp.callSync(async (index: string) => {
      const { move } = (await import(index)) as { move: typeof import("interpreters").move };
      const { MessageChannel } = await import("node:worker_threads");
      const { port1, port2 } = new MessageChannel();
      port1.postMessage("result");
      return move(port2);
    }, index);
    assert.equal(receiveMessageOnPort(port)?.message, "result");
    for (const each of [a.port1, b.port1, port]) each.close();
  },
);

test("workerData is a copy with the rules of all values, and moves what transfer names", limits, async () => {
  const queue = createQueue<string>();
  const { port1, port2 } = new MessageChannel();
  const bytes = new Uint8Array([1, 2, 3]);
  const big = new Uint8Array(4 << 20).fill(7);
  const shared = new SharedArrayBuffer(4);
  const workerData = { queue, side: port2, bytes, big, shared, when: new Date(5), map: new Map([[1, 2n]]) };
  await using interp = create({ workerData, transfer: [port2, bytes.buffer, big.buffer] });
  assert.deepEqual([bytes.length, big.length], [0, 0]);
  const seen = await interp.call(() => {
    const data = process.getBuiltinModule("node:worker_threads").workerData as typeof workerData;
    data.queue.putNowait("from there");
    data.side.postMessage("side");
    Atomics.store(new Int32Array(data.shared), 0, 9);
    return [data.bytes, data.big.length, data.big[5], data.when, data.map];
  });
  assert.deepEqual(seen, [new Uint8Array([1, 2, 3]), 4 << 20, 7, new Date(5), new Map([[1, 2n]])]);
  assert.equal(await queue.get(), "from there");
  assert.deepEqual(receiveMessageOnPort(port1), { message: "side" });
  assert.equal(Atomics.load(new Int32Array(shared), 0), 9);
  port1.close();

  const marked = new Uint8Array([4]);
  await using other = create({ workerData: move(marked) });
  assert.equal(marked.length, 0);
  const first = await other.call(
    () => (process.getBuiltinModule("node:worker_threads").workerData as Uint8Array)[0],
  );
  assert.equal(first, 4);
});

test("environment data: an object, a Map, and for workers that it starts", limits, async () => {
  const key = { a: "key" };
  await using interp = create({ environmentData: new Map<unknown, unknown>([["name", [1, 2]]]) });
  const seen = await interp.call(async () => {
    const { getEnvironmentData, Worker, workerData, parentPort } = await import("node:worker_threads");
    const worker = new Worker(
      'const t = require("node:worker_threads"); t.parentPort.postMessage(t.getEnvironmentData("name"))',
      { eval: true },
    );
    const nested = await new Promise((resolve) => worker.on("message", resolve));
    return [getEnvironmentData("name"), nested, workerData as unknown, parentPort];
  });
  assert.deepEqual(seen, [[1, 2], [1, 2], null, null]);
  await using plain = create({ environmentData: { [Object.keys(key)[0]]: 1 } });
  const one = await plain.call(() => process.getBuiltinModule("node:worker_threads").getEnvironmentData("a"));
  assert.equal(one, 1);
});

test(
  "standby interpreters, ones that Node preloads for, and ones that interpreters make",
  limits,
  async () => {
    const look = async (): Promise<unknown> => (await import("node:worker_threads")).workerData as unknown;
    prewarm(1);
    try {
      await using standby = create();
      await standby.call(() => 1);
      await using interp = create({ workerData: "standby" });
      assert.equal(await interp.call(look), "standby");
    } finally {
      prewarm(0);
    }
    const execArgv = ["--import", 'data:text/javascript,import "node:worker_threads";'];
    await using preloaded = create({ execArgv, workerData: "preloaded" });
    assert.equal(await preloaded.call(look), "preloaded");

    await using outer = create();
    const answer = await outer.call(
      async (index: string) => {
        const { create } = (await import(index)) as typeof import("interpreters");
        const { MessageChannel } = await import("node:worker_threads");
        const { port1, port2 } = new MessageChannel();
        const inner = create({ parentPort: port2, workerData: "inner" });
        await inner.exec(
          "import { parentPort, workerData } from 'node:worker_threads'; parentPort.postMessage(workerData)",
        );
        return new Promise((resolve) => port1.once("message", resolve));
      },
      import.meta.resolve("interpreters"),
    );
    assert.equal(answer, "inner");
  },
);

test("the thread's id", limits, async () => {
  await using interp = create();
  const threadId = await interp.call(() => process.getBuiltinModule("node:worker_threads").threadId);
  assert.equal(interp.threadId, threadId);
  assert.equal(listAll()[0].threadId, 0);
  const ended = create();
  await ended.close();
  assert.equal(ended.threadId, undefined);
  assert.throws(() => {
    (interp as { threadId: unknown }).threadId = 5;
  }, TypeError);
});

test("what cannot travel is refused, and no interpreter is left", limits, async () => {
  const before = new Set(listAll());
  const refused = thrown(() => create({ workerData: { on: { click: () => {} } } }));
  assert.ok(refused instanceof NotShareableError);
  assert.match(refused.message, /workerData\.on\.click/);
  const { port1, port2 } = new MessageChannel();
  assert.throws(() => create({ workerData: { port1 } }), NotShareableError);
  assert.throws(() => create({ environmentData: { fn: () => {} } }), NotShareableError);
  // It was not moved by what was refused.
  assert.throws(() => create({ workerData: () => {}, parentPort: port2 }), NotShareableError);
  await using interp = create({ parentPort: port2 });
  await interp.call(() => process.getBuiltinModule("node:worker_threads").parentPort?.postMessage(1));
  assert.equal(((await once(port1, "message")) as unknown[])[0], 1);

  for (const [options, message] of [
    [{ parentPort: port2 }, /cannot move: .* is closed, or was moved already/],
    [{ parentPort: {} }, /parentPort must be a MessagePort, found \{\}/],
    [{ parentPort: null }, /parentPort must be a MessagePort, found null/],
    [{ environmentData: 5 }, /environmentData must be an object or a Map, found 5/],
    [{ environmentData: new Set([1]) as never }, /environmentData must be an object or a Map, found Set/],
    [{ environmentData: [["key", 1]] as never }, /environmentData must be an object or a Map, found \[/],
    [{ transfer: [] }, /transfer is for what workerData has/],
    [{ workerData: 1, transfer: [5] }, /transfer must be an array/],
    [{ workerData: 1, language: { name: "other", tag: 99, module: "data:," } as unknown as Language }, /./],
  ] as const) {
    assert.throws(() => create(options as unknown as CreateOptions), { name: "TypeError", message });
  }
  assert.deepEqual(
    listAll().filter((each) => !before.has(each)),
    [interp],
  );
  port1.close();
});

test("it is closed as any other: at once, while it boots, and by its creator's port", limits, async () => {
  const { port1, port2 } = new MessageChannel();
  const interp = create({ parentPort: port2, workerData: 1 });
  const closed = once(port1, "close");
  interp.closeSync();
  await closed;
  const [port, other] = start({ workerData: { base: 1 } });
  await once(port, "message");
  port.postMessage({ fail: "thrown there" });
  const end = await other.ended;
  assert.deepEqual([end.reason, String(end.error)], ["uncaught-exception", "RangeError: thrown there"]);
});

test("a thread that cannot move a port says so", limits, async () => {
  const text = `
    const { MessageChannel, parentPort } = require("node:worker_threads");
    import(${JSON.stringify(import.meta.resolve("interpreters"))}).then(async ({ create }) => {
      let error;
      try {
        create({ parentPort: new MessageChannel().port2 });
      } catch (thrown) {
        error = thrown;
      }
      const interp = create({ workerData: "data" });
      const data = await interp.call(() => process.getBuiltinModule("node:worker_threads").workerData);
      await interp.close();
      parentPort.postMessage([error.name, error.message, data]);
    });`;
  const worker = new Worker(text, { eval: true });
  const [[name, message, data]] = (await once(worker, "message")) as [[string, string, string]];
  assert.equal(name, "NotShareableError");
  assert.match(message, /parentPort to another interpreter: this thread/);
  assert.equal(data, "data");
});

test("in a process without interpreters, one whose workerData is refused starts nothing, and the next one starts", () => {
  const script = `
    import { create, listAll } from "interpreters";
    import { MessageChannel } from "node:worker_threads";
    let refused;
    try {
      create({ workerData: { f() {} } });
    } catch (error) {
      refused = error;
    }
    const { port1, port2 } = new MessageChannel();
    const interp = create({ workerData: 5, parentPort: port2 });
    const [heard] = await Promise.all([
      new Promise((resolve) => port1.once("message", resolve)),
      interp.call(async () => {
        const { parentPort, workerData } = await import("node:worker_threads");
        parentPort.postMessage(workerData);
      }),
    ]);
    console.log(refused.name, listAll().length, heard);
    process.exit();`;
  const cwd = path.dirname(fileURLToPath(import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd,
  });
  assert.deepEqual([stdout, stderr], ["NotShareableError 2 5\n", ""]);
});
