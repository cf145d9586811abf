/** What interpreters do with synchronization objects in these tests. */
import {
  type BoundedSemaphore,
  type Event,
  getCurrent,
  type Held,
  type Lock,
  type Queue,
  type Semaphore,
} from "interpreters";

/** The ways to wait. */
export const forms = [
  "a promise",
  "a promise with a time limit",
  "a promise with a signal",
  "blocking",
  "blocking with a time limit",
  "blocking with a signal",
] as const;
export type Form = (typeof forms)[number];
export const LONG = 50_000;

type Options = NonNullable<Parameters<Lock["acquire"]>[0]>;

export function optionsOf(form: Form): [Options?] {
  if (form.endsWith("limit")) return [{ timeout: LONG }];
  if (form.endsWith("signal")) return [{ signal: new AbortController().signal }];
  return [];
}

export interface Acquirable {
  acquire(options?: Options): Promise<Held>;
  acquireSync(options?: Options): Held;
}

export async function acquire(object: Acquirable, form: Form): Promise<Held> {
  return form.startsWith("blocking")
    ? object.acquireSync(...optionsOf(form))
    : await object.acquire(...optionsOf(form));
}

export async function wait(event: Event, form: Form): Promise<void> {
  if (form.startsWith("blocking")) event.waitSync(...optionsOf(form));
  else await event.wait(...optionsOf(form));
}

/** Acquires, says so, and releases when there is an item in `gate`. */
export async function hold(
  object: Lock | Semaphore,
  form: Form,
  held: Queue<number, never>,
  gate: Queue<string, never>,
): Promise<number | undefined> {
  const hold = await acquire(object, form);
  held.putNowait(getCurrent().id);
  await gate.get();
  hold.release();
  return hold.abandoned;
}

/** Acquires and releases `times`, adding to a number that is not raised by one step. Returns the waits. */
export async function count(
  object: Acquirable,
  form: Form,
  total: Int32Array,
  times: number,
): Promise<number> {
  for (let i = 0; i < times; i++) {
    const held = await acquire(object, form);
    const before = total[0];
    total[0] = before + 1;
    held.release();
  }
  return times;
}

/** Acquires as many as it can without waiting, and keeps them. */
export function keep(object: Lock | Semaphore | BoundedSemaphore, most = 1): number {
  let kept = 0;
  while (kept < most && object.tryAcquire() !== undefined) kept++;
  return kept;
}

/** Releases what another function of this interpreter acquired. */
export function release(object: { release(): void }): void {
  object.release();
}

/** Acquires, says so, and ends the interpreter when there is an item in `gate`, without ending the call. */
export function holdAndDie(
  object: Acquirable,
  how: "exit" | "uncaught" | "memory",
  held: Queue<number, never>,
  gate: Queue<string, never>,
): Promise<void> {
  object.acquireSync();
  held.putNowait(getCurrent().id);
  gate.getSync();
  if (how === "exit") process.exit(3);
  if (how === "uncaught") {
    setImmediate(() => {
      throw new Error("on purpose");
    });
  } else {
    const all: unknown[] = [];
    for (;;) all.push(Array.from({ length: 1000 }, () => ({})));
  }
  return new Promise(() => {});
}
