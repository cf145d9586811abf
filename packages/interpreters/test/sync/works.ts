/** The work of interpreters with synchronization objects in these tests. */
import {
  type Barrier,
  type BoundedSemaphore,
  type Condition,
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

/** Waits at a barrier, round after round, and returns the places. */
export async function meet(barrier: Barrier, form: Form, rounds: number): Promise<number[]> {
  const places: number[] = [];
  for (let i = 0; i < rounds; i++) {
    places.push(
      form.startsWith("blocking")
        ? barrier.waitSync(...optionsOf(form))
        : await barrier.wait(...optionsOf(form)),
    );
  }
  return places;
}

/** Meets once, says so, and then works on until it is stopped. */
export async function meetAndWork(barrier: Barrier, met: Queue<number, never>): Promise<void> {
  await barrier.wait();
  met.putNowait(getCurrent().id);
  await new Promise(() => {});
}

/** Waits until `number[0]` is above 0, and takes 1 of it. */
export async function take(condition: Condition, form: Form, number: Int32Array): Promise<number> {
  const held = await acquire(condition, form);
  try {
    while (number[0] === 0) {
      if (form.startsWith("blocking")) condition.waitSync(...optionsOf(form));
      else await condition.wait(...optionsOf(form));
    }
    return number[0]--;
  } finally {
    held.release();
  }
}

/** Adds to `number[0]`, and notifies as many. */
export function give(condition: Condition, number: Int32Array, count: number): void {
  condition.acquireSync();
  number[0] += count;
  condition.notify(count);
  condition.release();
}

/** Acquires two locks, in this order, between two meetings with the other party; returns what became of it. */
export function crosswise(first: Lock, second: Acquirable, barrier: Barrier): string {
  const outer = first.acquireSync();
  barrier.waitSync();
  try {
    second.acquireSync().release();
    return "acquired";
  } catch (error) {
    return (error as Error).message;
  } finally {
    outer.release();
  }
}

/** Lets its holder release the object, and acquires it. */
export async function releasedAndAcquired(
  object: Lock | Semaphore,
  form: Form,
  gate: Queue<string, never>,
): Promise<string> {
  gate.putNowait("release");
  (await acquire(object, form)).release();
  return "acquired";
}
