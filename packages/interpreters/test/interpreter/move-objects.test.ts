/** MessagePorts, streams, FileHandles and others that the runtime moves, move with calls, results, tasks and items, or are refused. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { transferableAbortController } from "node:util";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  create,
  createQueue,
  InterpreterPoolExecutor,
  isShareable,
  move,
  NotShareableError,
  type Queue,
} from "interpreters";
import { refusalToMove } from "../../src/platform/ports.js";
import { limits, rejection, thrown } from "../support/ways.js";

const [one, two] = [create(), create()];
const folder = mkdtempSync(join(tmpdir(), "interpreters-move-"));
const file = join(folder, "text");
writeFileSync(file, "content");
after(async () => {
  await one.terminate();
  await two.terminate();
  rmSync(folder, { recursive: true });
});

/** The next message of a port. */
const next = (port: MessagePort): Promise<unknown> =>
  new Promise((resolve) => port.once("message", (message) => resolve(message)));

const greet = (port: MessagePort): void => {
  port.once("message", (text: string) => {
    port.postMessage(`${text} there`);
    port.close();
  });
};
const readAll = async (stream: ReadableStream<string>): Promise<string> => {
  let text = "";
  for await (const part of stream) text += part;
  return text;
};
const readFile = async (handle: FileHandle): Promise<string> => {
  const text = await handle.readFile("utf8");
  await handle.close();
  return text;
};

function words(): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const word of ["a", "b", "c"]) controller.enqueue(word);
      controller.close();
    },
  });
}

describe("what can only move", limits, () => {
  test("a MessagePort goes with a call, in every form, and works there", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const ways: ((port: MessagePort) => unknown)[] = [
      (port) => one.call(greet, move(port)),
      (port) => one.with({ transfer: [port] }).call(greet, port),
      (port) => one.with({ transfer: [port] }).callSync(greet, port),
      (port) => pool.submit(greet, move(port)),
      (port) => pool.with({ transfer: [port] }).submit(greet, port),
      (port) =>
        one.call(
          ({ list }: { list: MessagePort[] }) => {
            const [port] = list;
            port.once("message", (text: string) => {
              port.postMessage(`${text} there`);
              port.close();
            });
          },
          move({ list: [port] }, [port]),
        ),
    ];
    for (const way of ways) {
      const { port1, port2 } = new MessageChannel();
      await way(port2);
      const reply = next(port1);
      port1.postMessage("hello");
      assert.equal(await reply, "hello there");
      port1.close();
    }
  });

  test("a MessagePort goes with an item of a queue, and on from there", async () => {
    const queue = createQueue<MessagePort>();
    const { port1, port2 } = new MessageChannel();
    await queue.put(port2, { transfer: [port2] });
    await one.call((queue) => {
      const port = queue.getSync() as MessagePort;
      queue.putSync(port, { transfer: [port] });
    }, queue);
    await two.call(async (queue) => {
      const port = (await queue.get()) as MessagePort;
      port.once("message", (text: string) => {
        port.postMessage(`${text} there`);
        port.close();
      });
    }, queue);
    const reply = next(port1);
    port1.postMessage("hello");
    assert.equal(await reply, "hello there");
    port1.close();
  });

  test("a MessagePort comes back as a result", async () => {
    const index = new URL("../../src/entry.mjs", import.meta.url).href;
    const port = (await one.call(async (index) => {
      const { move } = (await import(index)) as typeof import("interpreters");
      const { MessageChannel } = process.getBuiltinModule("node:worker_threads");
      const { port1, port2 } = new MessageChannel();
      port1.postMessage("from there");
      return move(port2);
    }, index)) as MessagePort;
    assert.equal(await next(port), "from there");
    port.close();
  });

  test("streams and FileHandles move", async () => {
    assert.equal(await one.call(readAll, move(words())), "abc");
    const { readable, writable } = new TransformStream<string, string>();
    const writing = one.call(async (stream: WritableStream<string>) => {
      const writer = stream.getWriter();
      await writer.write("from ");
      await writer.write("there");
      await writer.close();
    }, move(writable));
    assert.equal(await readAll(readable), "from there");
    await writing;
    const handle = await open(file);
    assert.equal(await one.call(readFile, move(handle)), "content");
    assert.equal(handle.fd, -1);
    const queue = createQueue<FileHandle>();
    const other = await open(file);
    queue.putSync(other, { transfer: [other] });
    const there = async (queue: Queue<FileHandle>): Promise<string> => {
      const handle = (await queue.get()) as FileHandle;
      const text = await handle.readFile("utf8");
      await handle.close();
      return text;
    };
    assert.equal(await two.call(there, queue), "content");
  });

  test("an AbortSignal moves if it is transferable, and hears the abort there", async () => {
    const controller = transferableAbortController();
    const queue = createQueue<string>();
    const aborted = one.call(
      async (signal, queue) => {
        const reason = new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(signal.reason));
        });
        // Node's port for the signal keeps no event loop alive.
        queue.putNowait("listening");
        return await reason;
      },
      move(controller.signal),
      queue,
    );
    assert.equal(await queue.get(), "listening");
    controller.abort("enough");
    assert.equal(await aborted, "enough");
    const plain = new AbortController().signal;
    assert.throws(() => move(plain), /must be that of util\.transferableAbortController/);
    const error = await rejection(one.call((signal) => signal.aborted, plain));
    assert.match(error.message, /args\[0\] is an AbortSignal \(it can only move/);
  });

  test("a listening server and a connection move where the runtime moves them", async (t) => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    if (refusalToMove(server) !== undefined) {
      assert.throws(() => one.with({ transfer: [server] }), TypeError);
      assert.equal(isShareable(server), false);
      server.close();
      t.skip("not by this runtime");
      return;
    }
    const { port } = server.address() as AddressInfo;
    const received = createQueue<string>();
    const serving = two.call(
      async (server, received) => {
        server.on("connection", (socket) => {
          socket.setEncoding("utf8").on("data", (text) => received.putNowait(String(text)));
          socket.on("end", () => {
            socket.end("answer");
            server.close();
          });
        });
        await new Promise((resolve) => server.on("close", resolve));
      },
      move(server),
      received,
    );
    const client = connect(port, "127.0.0.1");
    client.end("question");
    const [answer] = (await once(client.setEncoding("utf8"), "data")) as [string];
    assert.deepEqual([await received.get(), answer], ["question", "answer"]);
    await serving;
    const idle = createServer();
    assert.throws(() => move(idle), /is refused by the runtime: net\.Server cannot be transferred/);
  });

  test("what was written to a stream before the reply keeps the process until it is read", async () => {
    const write = async (stream: WritableStream<string>): Promise<void> => {
      const writer = stream.getWriter();
      await writer.write("written");
      await writer.close();
    };
    // Whether the reply or the text comes first is a matter of chance.
    for (let i = 0; i < 100; i++) {
      const { readable, writable } = new TransformStream<string, string>();
      const writing = one.call(write, move(writable));
      assert.equal(await readAll(readable), "written");
      await writing;
    }
  });

  test("is refused if no list names it, and nothing of the others moves", async () => {
    const { port1, port2 } = new MessageChannel();
    const bytes = new Uint8Array(10);
    for (const value of [port2, words(), new TransformStream(), await open(file)]) {
      assert.equal(isShareable(value), false);
      for (const error of [
        await rejection(one.with({ transfer: [bytes.buffer] }).call((...args) => args.length, bytes, value)),
        thrown(() => createQueue().putSync([value])),
      ]) {
        assert.ok(error instanceof NotShareableError, String(error));
        assert.match(error.message, /it can only move: name it in `transfer`/);
      }
      if ("close" in value && value !== port2) await value.close();
    }
    assert.equal(bytes.length, 10);
    const reply = next(port1);
    port2.postMessage("still here");
    assert.equal(await reply, "still here");
    port1.close();
  });

  test("is refused if it cannot move now, or is nothing that moves", async () => {
    const locked = words();
    locked.getReader();
    const closed = await open(file);
    await closed.close();
    const { port2 } = new MessageChannel();
    port2.close();
    await once(port2, "close");
    for (const value of [locked, closed, port2]) {
      assert.throws(() => move(value), /cannot move: .* is (locked|closed)/s);
      assert.throws(() => one.with({ transfer: [value] }), TypeError);
    }
    for (const value of [{}, new Map(), 5, new Proxy(new ArrayBuffer(1), {})])
      assert.throws(
        () => move({ value }, [value as never]),
        /must be an array of ArrayBuffers, MessagePorts/,
      );
  });

  test("is refused if a getter of the message sends it elsewhere", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const hostile = (): { readonly port: MessagePort } => {
      const { port2 } = new MessageChannel();
      const value = {
        get port() {
          structuredClone(undefined, { transfer: [port2] });
          return port2;
        },
      };
      return move(value, [port2]);
    };
    const typeOf = ({ port }: { readonly port: MessagePort }): string => typeof port;
    const queue = createQueue();
    const ways: (() => unknown)[] = [
      () => one.call(typeOf, hostile()),
      () => one.callSync(typeOf, hostile()),
      () => pool.submit(typeOf, hostile()),
      () => queue.put(hostile()),
      () => queue.putNowait(hostile()),
    ];
    for (const way of ways) {
      const error = await rejection((async () => await way())());
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /cannot move: .* is closed, or was moved already/s);
    }
    assert.equal(queue.qsize(), 0);
    assert.equal(await one.call(() => "healthy"), "healthy");
  });
});
