/**
 * How a blocked thread falls asleep: it says what it waits for, and the last one of a circle of such waits ends it (kernel/deadlock.ts), or the last one of all
 * interpreters (kernel/asleep.ts).
 */
import { findAsleep, seemsAlone } from "../kernel/asleep.js";
import { beginWaiting, findCircle, giveWay, sayWaitingOn, stay } from "../kernel/deadlock.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { markSleeping, park, ring, sleep } from "../memory/doorbell.js";
import { PromisedCalls } from "./promised-calls.js";

/** A wait without a time limit that may never end. */
export interface Wait {
  /** The value of S_WAITING_ON for it. */
  readonly on: number;
  /**
   * The wait would never end. Ends it, if it can be given up, and returns whether it can. @throws the error of the wait, which ends it, too
   */
  refuse(found: Endless): boolean;
  /** This interpreter seems to be the only one. Has the process find out whether other threads could join, if that is unknown. */
  alone?(): void;
}

/** Why a wait would never end. */
export interface Endless {
  /** Pairs of a slot and what it waits for, this interpreter first. */
  readonly waits: readonly number[];
  /** Whether these are all interpreters, all asleep, and not a circle of them. */
  readonly all: boolean;
}

export class Sleeper {
  #on = 0;
  /** The wait that could not be given up; S_VERDICT says so. */
  #stays: Wait | undefined;
  readonly promised = new PromisedCalls();

  /** What S_WAITING_ON says. */
  get on(): number {
    return this.#on;
  }

  /** Says what this thread waits for, if it falls asleep now. Returns what it said before. */
  say(m: SharedMemory, on: number): number {
    const before = this.#on;
    if (on === before) return before;
    sayWaitingOn(m, on);
    this.#on = on;
    return before;
  }

  /** This thread looks whether the wait that it has just said would close a circle. `began` must follow. */
  begins(m: SharedMemory): void {
    this.#stays = undefined;
    beginWaiting(m);
  }

  began(m: SharedMemory): void {
    sayWaitingOn(m, this.#on);
  }

  /** This thread waits for nothing. An exception that no `finally` sees may have unwound its waits. */
  reset(m: SharedMemory): void {
    sayWaitingOn(m, 0);
    this.#on = 0;
  }

  /** Blocks this thread until its doorbell rings, as `park`. @throws what `wait.refuse` does */
  sleep(m: SharedMemory, seen: number, timeout: number, wait: Wait | undefined): void {
    this.say(m, wait?.on ?? 0);
    if (wait === undefined) {
      park(m, seen, timeout);
      return;
    }
    if (this.#stays !== undefined && this.#stays !== wait) {
      this.#stays = undefined;
      sayWaitingOn(m, wait.on);
    }
    if (!markSleeping(m, seen)) return;
    const circle = findCircle(m);
    const waits = circle ?? findAsleep(m);
    if (waits === undefined) {
      if (wait.alone === undefined || !seemsAlone(m)) return sleep(m, seen, timeout);
      ring(m, m.slot);
      wait.alone();
    } else if (!this.#refuse(m, wait, { waits, all: circle === undefined })) sleep(m, seen, timeout);
  }

  /** Ends one of the waits. Returns whether it was that of this thread. */
  #refuse(m: SharedMemory, wait: Wait, found: Endless): boolean {
    let gives = true;
    try {
      gives = wait.refuse(found);
    } finally {
      if (gives) giveWay(m);
    }
    if (gives) return true;
    const { waits, all } = found;
    // After it, this thread sleeps on; the one that called it does not.
    if (!all && this.promised.refuse(waits[waits.length - 2] as Slot)) {
      sayWaitingOn(m, wait.on);
    } else {
      this.#stays = wait;
      stay(m, waits);
    }
    return false;
  }
}
