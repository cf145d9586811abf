/** I/O that work has begun and not awaited is finished before an interpreter closes; what never ends delays nothing. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { create, type Interpreter, InterpreterPoolExecutor } from "interpreters";
import { WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const folder = mkdtempSync(path.join(tmpdir(), "interpreters-io-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const LINES = 100;
const expected = Array.from({ length: LINES }, (_, i) => `line ${i}\n`).join("");

/** Ways to begin to write the lines. Each returns before they are written. */
const writers: Record<string, (file: string, lines: string[]) => void> = {
  "one write after another, by callbacks"(file, lines) {
    const { appendFile } = process.getBuiltinModule("node:fs");
    const next = (): void => {
      const line = lines.shift();
      if (line !== undefined) appendFile(file, line, next);
    };
    next();
  },
  "one write after another, by promises"(file, lines) {
    const { appendFile } = process.getBuiltinModule("node:fs/promises");
    void (async () => {
      for (const line of lines) await appendFile(file, line);
    })();
  },
  "a stream"(file, lines) {
    const stream = process.getBuiltinModule("node:fs").createWriteStream(file, { highWaterMark: 16 });
    for (const line of lines) stream.write(line);
    stream.end();
  },
  "a write that begins in a later turn"(file, lines) {
    const { writeFile } = process.getBuiltinModule("node:fs");
    setImmediate(() => process.nextTick(() => setImmediate(writeFile, file, lines.join(""), () => {})));
  },
  "a write that is tried again after a while, as to a full pipe"(file, lines) {
    const { writeFile } = process.getBuiltinModule("node:fs");
    setTimeout(writeFile, 100, file, lines.join(""), () => {});
  },
};

/** Ways to close. */
const closings: Record<string, (interp: Interpreter) => unknown> = {
  close: (interp) => interp.close(),
  closeSync: (interp) => interp.closeSync(),
  "close with wait": (interp) => interp.close({ wait: true }),
};

const lines = (): string[] => Array.from({ length: LINES }, (_, i) => `line ${i}\n`);

for (const [how, write] of Object.entries(writers)) {
  for (const [name, close] of Object.entries(closings)) {
    test(`${name} waits for ${how}`, limits, async () => {
      const file = path.join(folder, `${how} ${name}`);
      const interp = create();
      await interp.call(write, file, lines());
      await close(interp);
      assert.equal(readFileSync(file, "utf8"), expected);
    });
  }
}

test("close waits for a pipeline through jobs of the thread pool", limits, async () => {
  const file = path.join(folder, "compressed");
  const size = 8 << 20;
  const interp = create();
  await interp.call(
    (to: string, bytes: number) => {
      const gzip = process.getBuiltinModule("node:zlib").createGzip({ level: 9 });
      gzip.pipe(process.getBuiltinModule("node:fs").createWriteStream(to));
      gzip.end(Buffer.alloc(bytes, "0123456789abcdef"));
    },
    file,
    size,
  );
  await interp.close();
  assert.equal(gunzipSync(readFileSync(file)).length, size);
});

test("shutdown of a pool waits for what its tasks began", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const file = path.join(folder, "pool");
  const append = (to: string, line: string): void => {
    const shared = globalThis as { last?: Promise<void> };
    const { appendFile } = process.getBuiltinModule("node:fs/promises");
    shared.last = (shared.last ?? Promise.resolve()).then(() => appendFile(to, line));
  };
  for (const line of lines()) void pool.submit(append, file, line);
  await pool.shutdown();
  assert.equal(readFileSync(file, "utf8"), expected);
});

/** Work without an end. */
const endless: Record<string, () => void> = {
  "an interval": () => void setInterval(() => {}, 10),
  "a distant timer": () => void setTimeout(() => {}, 1e6),
  "a server": () => void process.getBuiltinModule("node:net").createServer().listen(0),
  "an open socket": () => {
    const net = process.getBuiltinModule("node:net");
    const server = net
      .createServer(() => {})
      .listen(0, () => net.connect((server.address() as { port: number }).port));
  },
  "a file that is watched": () => void process.getBuiltinModule("node:fs").watch("."),
};

for (const [name, begin] of Object.entries(endless)) {
  test(`close does not wait for ${name}`, limits, async () => {
    const took: number[] = [];
    // The limit for I/O is nearly 2 seconds. A busy machine may keep the thread from running for so long, but hardly each time.
    while (took.length < 5 && !(Number(took.at(-1)) < 1500)) {
      const interp = create();
      await interp.call(begin);
      await interp.call(() => new Promise((resolve) => setTimeout(resolve, 20)));
      const began = performance.now();
      await interp.close();
      took.push(performance.now() - began);
    }
    assert.ok(Number(took.at(-1)) < 1500, `${took.join(", ")} ms`);
  });
}

test("I/O that goes on for ever ends after a while", limits, async () => {
  const interp = create();
  await interp.call(() => {
    const { stat } = process.getBuiltinModule("node:fs");
    const again = (): void => stat(".", again);
    again();
  });
  await interp.close();
});
