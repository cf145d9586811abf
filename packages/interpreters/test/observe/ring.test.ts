/** The pieces of a trace that other threads, disks and long tasks put to the test: rings, and the file behind them. */
import assert from "node:assert/strict";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MAIN_SLOT } from "../../src/memory/layout.js";
import { H_SPILL_CHUNKS, H_TRACE_FILE, H_TRACE_RINGS, H_TRACE_SPILL } from "../../src/memory/layout.js";
import { load, type SharedMemory, store } from "../../src/memory/atomics.js";
import type { Pointer } from "../../src/memory/brands.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { registerMain } from "../../src/kernel/registry.js";
import { openNameless } from "../../src/platform/files.js";
import type { Received } from "../../src/kernel/receive.js";
import { GuardedTracer } from "../../src/observe/guarded-tracer.js";
import { emptyRings, emptyRingsAtEnd, openRing, Ring } from "../../src/observe/ring.js";
import { SliceText } from "../../src/observe/slice-text.js";
import { Spill } from "../../src/observe/spill.js";
import { TraceFile } from "../../src/observe/trace-file.js";
import { ThreadTracer } from "../../src/observe/tracer.js";
import type { Tools } from "../../src/thread/observing.js";
import type { Runtime } from "../../src/thread/runtime.js";
import { REPLY_VALUE } from "../../src/wire/protocol.js";

const folder = mkdtempSync(join(tmpdir(), "interpreters-ring-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly id: string };
}

let files = 0;
/** Shared memory with a trace, whose file has its beginning. */
function traced(): { m: SharedMemory; fd: number; events(): Event[] } {
  const m = openMemory(createMemory(), MAIN_SLOT);
  registerMain(m);
  const file = join(folder, `${++files}.json`);
  const fd = openSync(file, "a");
  store(m, H_TRACE_FILE, fd + 1);
  return {
    m,
    fd,
    events: () => JSON.parse(`[{}${readFileSync(file, "utf8").replace(/\n\]\n$/, "")}]`) as Event[],
  };
}

const slices = (events: readonly Event[]): Event[] => events.filter(({ ph }) => ph === "X");
/** The fifth word of a ring (ring.ts): who empties it. */
const lockOf = (m: SharedMemory): Pointer => (load(m, H_TRACE_RINGS) + 4) as Pointer;

test("a thread whose ring is full does not take it from one that empties it, however long that takes", () => {
  const { m, events } = traced();
  const file = new TraceFile(m);
  const ring = new Ring(m, openRing(m, 0 as never), new SliceText(file));
  const label = ring.label('"task"');
  store(m, lockOf(m), -1);
  let pushed = 0;
  while (ring.push(pushed, label, 1, pushed, 0, 1)) pushed++;
  assert.ok(pushed > 10_000);
  assert.deepEqual(slices(events()), []);
  store(m, lockOf(m), 0);
  assert.ok(ring.push(pushed, label, 1, pushed, 0, 1));
  emptyRings(m, new SliceText(file));
  const ids = slices(events()).map(({ args }) => args.id);
  assert.deepEqual(
    ids,
    Array.from({ length: pushed + 1 }, (_, i) => `0.${i}`),
  );
});

test("a thread that an exception unwound while it emptied its ring has it again", () => {
  const { m, events } = traced();
  const ring = new Ring(m, openRing(m, 0 as never), new SliceText(new TraceFile(m)));
  const label = ring.label('"task"');
  store(m, lockOf(m), 1);
  for (let i = 0; i < 40_000; i++) assert.ok(ring.push(i, label, 1, i, 0, 1));
  emptyRingsAtEnd(m, new SliceText(new TraceFile(m)));
  assert.equal(slices(events()).length, 40_000);
});

/** Shared memory with a trace that has a spill, and the pieces that write to both. */
function spilled(): ReturnType<typeof traced> & {
  ring: Ring;
  text: SliceText;
  spill: Spill;
  file: TraceFile;
} {
  const all = traced();
  const fd = openNameless(join(folder, `${++files}.spill`));
  store(all.m, H_TRACE_SPILL, fd + 1);
  const file = new TraceFile(all.m);
  const text = new SliceText(file);
  const spill = new Spill(all.m, file);
  return { ...all, file, text, spill, ring: new Ring(all.m, openRing(all.m, 0 as never), text, spill) };
}

const idsOf = (events: readonly Event[]): string[] => slices(events).map(({ args }) => args.id);
const idsTo = (count: number): string[] => Array.from({ length: count }, (_, i) => `0.${i}`);

test("the records of a full ring go to the spill, and are text later, each of them once", () => {
  const { m, ring, text, spill, file, events } = spilled();
  const labels = ["short", "a label that is longer than the others"].map((each) =>
    ring.label(JSON.stringify(each)),
  );
  for (let i = 0; i < 120_000; i++) assert.ok(ring.push(i, labels[i & 1], 1, i, 0, 1));
  assert.deepEqual(idsOf(events()), []);
  assert.equal(emptyRings(m, text, spill), 120_000 % (1 << 15));
  assert.deepEqual(idsOf(events()), []);
  // The supervisor makes a piece at a time.
  spill.convert(text, 0);
  const first = idsOf(events());
  assert.ok(first.length > 0 && first.length < 10_000);
  new Spill(m, file).convertAll(text);
  assert.deepEqual(idsOf(events()), idsTo(120_000));
  assert.deepEqual(
    slices(events())
      .slice(-2)
      .map(({ name }) => name),
    ["short", "a label that is longer than the others"],
  );
  // What comes after the end of the spill becomes text.
  for (let i = 0; i < 10_000; i++) ring.push(120_000 + i, labels[0], 1, i, 0, 1);
  emptyRings(m, text, spill);
  assert.deepEqual(idsOf(events()), idsTo(130_000));
});

test("a chunk that was never completed is passed over: its records are still in the ring", () => {
  const { m, ring, text, spill, events } = spilled();
  const label = ring.label('"task"');
  // Its writer took a number, and was terminated.
  store(m, H_SPILL_CHUNKS, 1);
  for (let i = 0; i < 10_000; i++) ring.push(i, label, 1, i, 0, 1);
  emptyRings(m, text, spill);
  spill.convert(text, 100);
  assert.deepEqual(idsOf(events()), []);
  spill.convertAll(text);
  assert.deepEqual(idsOf(events()), idsTo(10_000));
});

test("records become text at once if the spill has no room", (t) => {
  if (!existsSync("/dev/full")) return t.skip("there is no /dev/full here");
  const { m, ring, text, spill, events } = spilled();
  const label = ring.label('"task"');
  store(m, H_TRACE_SPILL, openSync("/dev/full", "r+") + 1);
  for (let i = 0; i < 10_000; i++) ring.push(i, label, 1, i, 0, 1);
  emptyRings(m, text, spill);
  assert.deepEqual(idsOf(events()), idsTo(10_000));
});

test("after a write that failed, no thread writes behind what may be half an event", () => {
  const { m, fd, events } = traced();
  const [mine, another] = [new TraceFile(m), new TraceFile(m)];
  const readOnly = openSync(join(folder, "empty"), "as+");
  closeSync(readOnly);
  store(m, H_TRACE_FILE, readOnly + 1);
  const failing = new TraceFile(m);
  mine.instant("before", 0, {});
  mine.flush();
  failing.instant("fails", 0, {});
  failing.flush();
  another.instant("behind", 0, {});
  another.flush();
  mine.end();
  assert.deepEqual(
    events().map(({ name }) => name),
    [undefined, "before"],
  );
  closeSync(fd);
});

/** A thread's tracer, and what stands in for a thread: replies consist of their header words. */
function tracer(m: SharedMemory, pools: Iterable<() => never> = []): ThreadTracer {
  const rt = { m, id: 0, pools: new Set(pools) } as unknown as Runtime;
  const headerWord = (_: SharedMemory, received: Received, i: number): number =>
    (received as unknown as number[])[i];
  const fetchCode = (): unknown => ({ name: "task" });
  return new ThreadTracer(rt, new TraceFile(m), { fetchCode, headerWord } as unknown as Tools);
}

const reply = (took: number): Received =>
  Object.assign([0, REPLY_VALUE, 0, took, 0, 0], { sender: 1 }) as unknown as Received;
const operation = { code: { id: 1, pointer: 0 as Pointer } };

test("a task of many hours leaves a trace that can be read", () => {
  const { m, events } = traced();
  const traces = tracer(m);
  traces.began(1);
  // At most this, says a reply. The trace began when the machine did.
  traces.replied(1, operation, REPLY_VALUE, reply(0x7fffffff));
  traces.began(2);
  traces.replied(2, operation, REPLY_VALUE, reply(0x7ffffffe));
  const file = new TraceFile(m);
  traces.end();
  emptyRingsAtEnd(m, new SliceText(file));
  assert.equal(slices(events()).at(-1)?.dur, 0x7ffffffd);
});

test("a tracer that fails leaves the operation its outcome, and is not asked again", () => {
  const { m } = traced();
  let stopped = 0;
  const failing = tracer(m, [
    () => {
      throw new Error("no memory");
    },
  ]);
  const guarded = new GuardedTracer(failing, () => stopped++);
  // Looks at the pools.
  guarded.began(1);
  assert.equal(stopped, 1);
  assert.equal(guarded.replied(1, operation, REPLY_VALUE, reply(5)), undefined);
});
