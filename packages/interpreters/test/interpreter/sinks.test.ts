/** `create({ stdout, stderr })`: output that goes elsewhere. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { create, type OutputSink } from "interpreters";
import { limits, rejection, thrown, until } from "../support/ways.js";

const print = (from: number, to: number): void => {
  for (let n = from; n < to; n++) console.log(`line ${n}`);
};
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");

/** A sink of each kind, and a function that returns the text that it has received. */
const kinds: Record<
  string,
  () => { sink: { write(text: string): unknown } | WritableStream<string>; text: () => string }
> = {
  "an object with write": () => {
    let text = "";
    return { sink: { write: (chunk) => void (text += chunk) }, text: () => text };
  },
  "an object whose write takes its time": () => {
    let text = "";
    const write = async (chunk: string): Promise<void> => {
      await turn();
      text += chunk;
    };
    return { sink: { write }, text: () => text };
  },
  "a Writable under back-pressure": () => {
    let text = "";
    const sink = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        text += chunk;
        setImmediate(done);
      },
    });
    return { sink, text: () => text };
  },
  "a WritableStream under back-pressure": () => {
    let text = "";
    const sink = new WritableStream<string>({
      async write(chunk) {
        await turn();
        text += chunk;
      },
    });
    return { sink, text: () => text };
  },
};

for (const [name, make] of Object.entries(kinds)) {
  test(`${name} has all output, in order, when close() resolves`, limits, async () => {
    const { sink, text } = make();
    const interp = create({ stdout: sink });
    await interp.call(print, 0, 500);
    await interp.exec(
      "setImmediate(() => process.stdout.write('line 500\\n')); await new Promise((r) => setImmediate(r))",
    );
    interp.callSync(print, 501, 600);
    await interp.close({ wait: true });
    assert.equal(text(), lines(0, 600));
  });

  test(
    `${name} has all that was written before the interpreter was terminated, or ended by itself`,
    limits,
    async () => {
      const { sink, text } = make();
      const first = create({ stdout: sink });
      await first.call(print, 0, 10);
      await first.terminate();
      assert.equal(text(), lines(0, 10));
      const second = create({ stdout: sink });
      await rejection(
        second.call(() => {
          for (let n = 10; n < 20; n++) console.log(`line ${n}`);
          process.exit(0);
        }),
      );
      await until(() => text() === lines(0, 20));
    },
  );
}

test(
  "output arrives before the reply of the call that wrote it, even if main was blocked",
  limits,
  async () => {
    const written: string[] = [];
    const sink = { write: (text: string) => void written.push(text) };
    await using interp = create({ stdout: sink, stderr: sink });
    interp.callSync(() => console.log("blocking"));
    assert.deepEqual(written, ["blocking\n"]);
    await interp.call(() => console.error("promised"));
    assert.deepEqual(written, ["blocking\n", "promised\n"]);
  },
);

test(
  "stdout and stderr may have separate sinks, and several interpreters may share a stream",
  limits,
  async () => {
    const [out, err]: [string[], string[]] = [[], []];
    const stdout = new WritableStream<string>({ write: (text) => void out.push(text) });
    const stderr = { write: (text: string) => void err.push(text) };
    const interps = [create({ stdout, stderr }), create({ stdout, stderr: "ignore" })];
    for (const interp of interps) {
      await interp.call(() => {
        console.log("out");
        console.error("err");
        process.emitWarning("odd");
      });
    }
    await Promise.all(interps.map((interp) => interp.close()));
    assert.deepEqual([out, err[0]], [["out\n", "out\n"], "err\n"]);
    assert.match(err.join(""), /Warning: odd/);
    // The stream is no longer locked, and was not closed.
    await stdout.getWriter().close();
  },
);

test("characters stay whole, and encoded strings are decoded", limits, async () => {
  let text = "";
  await using interp = create({ stdout: { write: (chunk: string) => void (text += chunk) } });
  await interp.call(() => {
    const bytes = Buffer.from("größe 😀\n");
    for (const byte of bytes) process.stdout.write(Uint8Array.of(byte));
    process.stdout.write("Z3LDtsOfZQo=", "base64");
  });
  assert.equal(text, "größe 😀\ngröße\n");
});

test("a text of any size arrives whole", limits, async () => {
  const texts: string[] = [];
  await using interp = create({ stdout: { write: (chunk: string) => void texts.push(chunk) } });
  await interp.call(() => process.stdout.write(`x${"😀".repeat(2 ** 20)}`));
  assert.equal(texts.join(""), `x${"😀".repeat(2 ** 20)}`);
  assert.ok(
    texts.every((text) => Buffer.from(text).toString() === text),
    "no part ends within a character",
  );
});

test("ignored output counts as written", limits, async () => {
  await using interp = create({ stdout: "ignore", stderr: "ignore" });
  const done = await interp.call(async () => {
    await new Promise((resolve) => process.stdout.write("never seen\n", resolve));
    console.error("never seen");
    return [process.stdout.isTTY, process.stdout.writableLength];
  });
  assert.deepEqual(done, [undefined, 0]);
});

/** Ways in which a sink fails, and the message that it fails with. */
const failing: Record<string, [sink: OutputSink, message: string]> = {
  "a write that throws": [
    {
      write: (): never => {
        throw new RangeError("full");
      },
    },
    "full",
  ],
  "a promise that rejects": [{ write: () => Promise.reject(new RangeError("full")) }, "full"],
  "a then that throws": [
    {
      write: () => ({
        get then(): never {
          throw new RangeError("full");
        },
      }),
    },
    "full",
  ],
  "a thenable that throws": [
    {
      write: () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- what hostile programs return
        then() {
          throw new RangeError("full");
        },
      }),
    },
    "full",
  ],
  "an emitter whose write throws": [
    Object.assign(new EventEmitter(), {
      write: (): never => {
        throw new RangeError("full");
      },
    }),
    "full",
  ],
  "a destroyed stream": [
    new PassThrough().destroy() as OutputSink,
    "Cannot call write after a stream was destroyed",
  ],
  "a WritableStream that fails": [
    new WritableStream({
      write() {
        throw new RangeError("full");
      },
    }),
    "full",
  ],
};

for (const [name, [sink, message]] of Object.entries(failing)) {
  test(`${name}: an uncaught exception, once, and it harms no call and no end`, limits, async (t) => {
    const seen: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => seen.push(error));
    t.after(() => {
      process.removeAllListeners("uncaughtException");
      for (const listener of listeners) process.on("uncaughtException", listener);
    });
    const interp = create({ stdout: sink });
    await interp.call(print, 0, 3);
    assert.equal(
      interp.callSync(() => 1),
      1,
    );
    await interp.close();
    await until(() => seen.length > 0);
    await turn();
    assert.deepEqual(
      seen.map((error) => (error as Error).message),
      [message],
    );
  });
}

test("an emitter that never calls back does not keep the end from being reported", limits, async () => {
  const written: string[] = [];
  const stdout = Object.assign(new EventEmitter(), { write: (text: string) => void written.push(text) });
  for (const end of ["close", "terminate"] as const) {
    const interp = create({ stdout });
    await interp.exec(`console.log("${end}")`);
    await interp[end]();
  }
  assert.deepEqual(written, ["close\n", "terminate\n"]);
});

test("bad sinks are refused at once", () => {
  for (const stdout of [1, "stdout", null, {}, { write: 1 }]) {
    assert.match(
      thrown(() => create({ stdout: stdout as never })).message,
      /stdout must be "inherit", "ignore" or something to write to/,
    );
  }
  const locked = new WritableStream();
  locked.getWriter();
  assert.throws(() => create({ stderr: locked }), TypeError);
});

test(
  "a stream that is read only afterwards does not keep the end from being reported, and its text stays readable",
  limits,
  async () => {
    const stdout = new PassThrough({ highWaterMark: 10 });
    const interp = create({ stdout });
    await interp.exec("for (let i = 0; i < 10; i++) console.log('line ' + i)");
    await interp.terminate();
    stdout.end();
    let text = "";
    for await (const chunk of stdout) text += String(chunk);
    assert.equal(text.split("\n").length, 11);
  },
);

test("a sink whose promise never settles does not keep the end from being reported", limits, async () => {
  const written: string[] = [];
  const interp = create({
    stdout: {
      write(text: string) {
        written.push(text);
        return new Promise(() => {});
      },
    },
  });
  await interp.exec("console.log('one'); console.log('two')");
  await interp.close();
  assert.deepEqual(written, ["one\n"]);
});

test("a sink that is slow gets all of its text", limits, async () => {
  const written: string[] = [];
  const interp = create({
    stdout: {
      async write(text: string) {
        // All in all, longer than a sink may take nothing.
        await new Promise((resolve) => setTimeout(resolve, 30));
        written.push(text);
      },
    },
  });
  await interp.exec("for (let i = 0; i < 30; i++) console.log(i)");
  await interp.close();
  assert.equal(written.join(""), Array.from({ length: 30 }, (_, i) => `${i}\n`).join(""));
});
