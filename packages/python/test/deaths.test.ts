/**
 * Python interpreters that are terminated at random moments, in the midst of puts and gets: nothing is lost that a put has acknowledged,
 * nothing comes twice, and no waiter hangs. `npm run soak` kills a thousand (soak.ts).
 */
import assert from "node:assert/strict";
import process from "node:process";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createQueue, InterpreterDiedError, listAll, UNBOUND } from "interpreters";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

const DEATHS = Number(process.env["DEATHS"] ?? 6);
/** Milliseconds that an interpreter works before it is terminated, at most. */
const LIFE = 60;

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
});

/** Runs a script that never ends in a new interpreter, and terminates that while it works. */
async function killAtRandom(
  script: string,
  values: Record<string, unknown>,
  ready: Promise<unknown>,
): Promise<void> {
  const interp = python.create();
  await interp.prepareMain(values);
  const running = interp.exec(script);
  // The death is expected, and may come before it is awaited.
  running.catch(() => undefined);
  await ready;
  await sleep(Math.random() * LIFE);
  await interp.terminate();
  await assert.rejects(running, InterpreterDiedError);
  reportDeath();
}

let deaths = 0;
/** Tells soak.ts that the test makes progress, and the reader how far it is. */
function reportDeath(): void {
  deaths++;
  if (process.channel === undefined || process.channel === null) return;
  process.send!("death");
  if (deaths % 50 !== 0) return;
  const resident = Math.round(process.memoryUsage.rss() / 1e6);
  process.stdout.write(`# ${deaths} of ${DEATHS * 2} killed, ${resident} MB resident\n`);
}

const PRODUCER = `
from concurrent import interpreters
items, acknowledged = interpreters.Queue(items), interpreters.Queue(acknowledged)
number = 0
while True:
    items.put((me, number, "x" * (number % 3000)))
    acknowledged.put((me, number))
    number += 1
`;

test("what a producer has put arrives once and in order, whenever it dies", async () => {
  for (let death = 0; death < DEATHS; death++) {
    // Both are full now and then, so that a producer also dies while it waits.
    const items = createQueue<[number, number, string]>(40);
    const acknowledged = createQueue<[number, number]>();
    let first!: () => void;
    const begun = new Promise<void>((resolve) => (first = resolve));
    const ended = new AbortController();
    const got: number[] = [];
    // Items that the dead has put, and that nothing has taken yet, are replaced by UNBOUND.
    let unbound = 0;
    const take = (item: unknown): void => {
      if (item === UNBOUND) {
        unbound++;
        return;
      }
      const [me, number, text] = item as [number, number, string];
      assert.equal(me, death);
      assert.equal(text.length, number % 3000);
      assert.equal(unbound, 0);
      got.push(number);
    };
    const consuming = (async () => {
      try {
        for (;;) {
          take(await items.get({ signal: ended.signal }));
          first();
        }
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      }
    })();
    const values = { items: items.id, acknowledged: acknowledged.id, me: death };
    await killAtRandom(PRODUCER, values, begun);
    ended.abort();
    await consuming;
    while (!items.empty()) take(items.getNowait());
    assert.deepEqual(
      got,
      Array.from(got, (_, i) => i),
    );
    let confirmed = 0;
    for (; !acknowledged.empty(); confirmed++) {
      const word: unknown = acknowledged.getNowait();
      if (word !== UNBOUND) assert.deepEqual(word, [death, confirmed]);
    }
    // A put returns after its item is in the queue, so that at most one is there without a word.
    const arrived = got.length + unbound;
    assert.ok(arrived === confirmed || arrived === confirmed + 1, `${arrived} of ${confirmed}`);
  }
});

const CONSUMER = `
from concurrent import interpreters
items, forwarded = interpreters.Queue(items), interpreters.Queue(forwarded)
while True:
    forwarded.put(items.get())
`;

test("a consumer that dies takes at most the item that it holds with it", async () => {
  for (let death = 0; death < DEATHS; death++) {
    const items = createQueue<number>(30);
    const forwarded = createQueue<number>();
    const ended = new AbortController();
    let put = 0;
    const producing = (async () => {
      try {
        for (; ; put++) await items.put(put, { signal: ended.signal });
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      }
    })();
    // An item that the dead has forwarded, and that nothing has taken, is replaced by UNBOUND.
    const got: unknown[] = [];
    const begun = forwarded.get().then((number) => got.push(number));
    await killAtRandom(CONSUMER, { items: items.id, forwarded: forwarded.id }, begun);
    ended.abort();
    await producing;
    while (!forwarded.empty()) got.push(forwarded.getNowait());
    assert.deepEqual(
      got,
      got.map((item, i) => (item === UNBOUND ? item : i)),
    );
    const left: unknown[] = [];
    while (!items.empty()) left.push(items.getNowait());
    const missing = put - got.length - left.length;
    assert.ok(missing === 0 || missing === 1, `${missing} of ${put} are missing`);
    assert.deepEqual(
      left,
      Array.from(left, (_, i) => got.length + missing + i),
    );
  }
});

test("an interpreter whose call exceeds its time limit lives on", async () => {
  const interp = python.create();
  await interp.exec("kept = 5");
  for (let round = 0; round < 3; round++) {
    await assert.rejects(interp.with({ timeout: 30 }).exec("while True: pass"), { name: "TimeoutError" });
    await assert.rejects(interp.with({ timeout: 30 }).exec("import time; time.sleep(1000)"), {
      name: "TimeoutError",
    });
  }
  await interp.exec("assert kept == 5");
  await interp.close();
});

test("nothing is left behind", async () => {
  await python.runAsync("import gc; gc.collect()");
  assert.equal(listAll().length, 1);
});
