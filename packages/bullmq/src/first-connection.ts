/** The time until an executor has its first connection. If none is made, its tasks fail. Later interruptions are waited for. */
import type { InterpreterError } from "interpreters";
import { connectionError, isRefusal } from "./connection.js";
import { clearTimeout, setTimeout } from "./timers.js";

export class FirstConnection {
  readonly #place: string;
  readonly #within: number;
  readonly #giveUp: (error: InterpreterError) => void;
  readonly #refusing = new Set<(error: unknown) => void>();
  #timer: NodeJS.Timeout | undefined;
  #lastError: unknown;
  #made = false;
  /** Whether no further attempt is made. */
  #refused = false;

  /**
   * @param place where it leads, for messages
   * @param within milliseconds from the first task until it must be made
   * @param giveUp fails the tasks that wait for it
   */
  constructor(place: string, within: number, giveUp: (error: InterpreterError) => void) {
    this.#place = place;
    this.#within = within;
    this.#giveUp = giveUp;
  }

  made(): void {
    this.#made = true;
    clearTimeout(this.#timer);
  }

  /** The driver has reported an error. Unless Redis refuses the connection, the driver tries again. */
  reported(error: unknown): void {
    this.#lastError = error;
    if (!isRefusal(error)) return;
    for (const refuse of this.#refusing) refuse(error);
    this.#fail();
  }

  /** It cannot be made. */
  refused(error: unknown): void {
    this.#lastError = error;
    this.#refused = true;
    this.#fail();
  }

  /** A task waits for it. */
  expect(): void {
    if (this.#made) return;
    // The task has its future first.
    if (this.#refused || isRefusal(this.#lastError)) process.nextTick(() => this.#fail());
    else this.#timer ??= setTimeout(() => this.#fail(), this.#within);
  }

  /** Resolves with `made`. @throws InterpreterError (`ERR_REDIS_UNREACHABLE`, `ERR_REDIS_REFUSED`) */
  async ready(made: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let refuse!: (error: unknown) => void;
    const late = new Promise<never>((_, reject) => {
      refuse = reject;
      timer = setTimeout(() => reject(connectionError(this.#place, this.#lastError)), this.#within);
      this.#refusing.add(refuse);
    });
    try {
      await Promise.race([made, late]);
    } catch (error) {
      throw connectionError(this.#place, error);
    } finally {
      clearTimeout(timer);
      this.#refusing.delete(refuse);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #fail(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#made) this.#giveUp(connectionError(this.#place, this.#lastError));
  }
}
