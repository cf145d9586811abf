/**
 * One select: it tries its contenders in random order, and waits for the first that is ready.
 *
 * A select takes its place in the line of each of its cases, behind those of this thread that came before it, and ahead of those that come
 * later. When one case happens, it leaves the other lines; a ring that came there in the meantime is passed on (`stopWaiting`).
 */
import { onAbort } from "../base/abort.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { blockOn } from "../futures/settled.js";
import { ANYONE_SELECT } from "../memory/layout.js";
import { NativePromise } from "../platform/microtasks.js";
import { Waiter } from "../queue/wait-queue.js";
import type { Runtime } from "../thread/runtime.js";
import { AnyoneWait } from "../thread/waits.js";
import type { Contender } from "./contender.js";
import { FutureContender } from "./future-case.js";

/** Which contender was chosen, and what it came to; or undefined if none was ready in time. */
export type Outcome = { readonly index: number } & PromiseSettledResult<unknown>;

/** Looking takes a microsecond for each case. */
const MOST_LOOKS = 4;

/** Tries each contender once, in random order. */
export function tryEach(contenders: readonly Contender[], blocks: boolean): Outcome | undefined {
  for (const i of shuffled(contenders.length)) {
    if (contenders[i].poll(blocks)) return outcomeOf(contenders, i);
  }
  return undefined;
}

/** Waits on the event loop for the first contender that is ready. @throws the signal's reason */
export function waitForFirst(
  contenders: readonly Contender[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Outcome | undefined> {
  return new NativePromise((resolve, reject) => new Selection(contenders, timeout, signal, resolve, reject));
}

/** As `waitForFirst`, but blocks this thread. */
export function blockForFirst(
  rt: Runtime,
  contenders: readonly Contender[],
  timeout: number,
): Outcome | undefined {
  const order = shuffled(contenders.length);
  const futures = contenders.flatMap((each) => (each instanceof FutureContender ? [each.future] : []));
  // Circles of waits are found only where a thread waits for one thing.
  const alone = contenders.length === 1 ? contenders[0].endless?.() : undefined;
  const wait = alone ?? new AnyoneWait(rt, "select", ANYONE_SELECT);
  let outcome: Outcome | undefined;
  const ready = (): boolean => {
    const index = order.find((i) => contenders[i].pollBlocked());
    // Read at once: when the contenders leave, others of this thread may take items.
    if (index !== undefined) outcome = outcomeOf(contenders, index);
    return index !== undefined;
  };
  let blocking = 0;
  try {
    // A future of another process cannot be waited for: it throws.
    for (; blocking < contenders.length; blocking++) contenders[blocking].beginBlocking();
    const index = order.length > MOST_LOOKS ? undefined : order.find((i) => contenders[i].look());
    if (index !== undefined) outcome = outcomeOf(contenders, index);
    else blockOn(rt, futures, ready, timeout, wait);
  } finally {
    for (const contender of contenders.slice(0, blocking)) contender.endBlocking();
  }
  return outcome;
}

class Selection {
  readonly #contenders: readonly Contender[];
  readonly #turns: Turn[] = [];
  readonly #resolve: (outcome: Outcome | undefined) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: (() => void) | undefined;
  /** Whether a case was chosen, or none can be any more. */
  #over = false;

  constructor(
    contenders: readonly Contender[],
    timeout: number,
    signal: AbortSignal | undefined,
    resolve: (outcome: Outcome | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.#contenders = contenders;
    this.#resolve = resolve;
    this.#timer = startTimer(timeout, () => this.#onTimeout());
    this.#stopListening = signal && onAbort(signal, () => this.#end() && reject(signal.reason));
    for (const i of shuffled(contenders.length)) {
      if (this.#over) break;
      const turn = new Turn(this, i);
      this.#turns[i] = turn;
      try {
        contenders[i].join(turn);
      } catch (error) {
        if (this.#end()) reject(error);
      }
    }
  }

  /** It is the turn of contender `index` in its line. Returns whether it waits there no more. */
  attempt(index: number): boolean {
    // A poll within the decoder of the item that was chosen leads here.
    if (this.#over) return true;
    let outcome: Outcome;
    try {
      if (!this.#contenders[index].attempt()) return false;
      this.#end();
      outcome = outcomeOf(this.#contenders, index);
    } catch (reason) {
      // The kernel throws if it exhausts the stack, or is stopped.
      this.#end();
      outcome = { index, status: "rejected", reason };
    }
    this.#resolve(outcome);
    return true;
  }

  #onTimeout(): void {
    // A case may have become ready in time, while this event loop was busy.
    for (const i of shuffled(this.#contenders.length)) {
      if (this.#over) return;
      this.#contenders[i].serve(this.#turns[i]);
    }
    if (this.#end()) this.#resolve(undefined);
  }

  /** From now on no case can be chosen. Returns false if that was so before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    stopTimer(this.#timer);
    this.#stopListening?.();
    this.#turns.forEach((turn, i) => this.#contenders[i].leave(turn));
    return true;
  }
}

/** A select's place in the line of one of its contenders. */
class Turn extends Waiter {
  readonly #selection: Selection;
  readonly #index: number;

  constructor(selection: Selection, index: number) {
    super();
    this.#selection = selection;
    this.#index = index;
  }

  override attempt(): boolean {
    return this.#selection.attempt(this.#index);
  }
}

function outcomeOf(contenders: readonly Contender[], index: number): Outcome {
  try {
    return { index, status: "fulfilled", value: contenders[index].outcome() };
  } catch (reason) {
    return { index, status: "rejected", reason };
  }
}

let state = 0x9e3779b9;

/** Marsaglia's xorshift: an integer below `n`. */
function below(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

/** The numbers below `n` in random order (Fisher and Yates), so that a case that is always ready keeps no other from its turn. */
function shuffled(n: number): number[] {
  const order: number[] = [];
  for (let i = 0; i < n; i++) {
    const j = below(i + 1);
    if (j !== i) order[i] = order[j];
    order[j] = i;
  }
  return order;
}
