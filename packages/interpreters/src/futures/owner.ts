import type { Death } from "../thread/death.js";
import type { Runtime } from "../thread/runtime.js";

/** The tasks of the executor that created the future (tasks.ts). `F` is the class of futures. */
export interface Owner<F> {
  readonly rt: Runtime;
  /** Whether the caller has ended all tasks. */
  readonly abandoned: boolean;
  /** Takes the task back. Returns false if a worker has taken it. */
  takeBack(future: F): boolean;
  /** Whether a worker is executing the task now. */
  isRunning(sequence: number): boolean;
  /** A worker died that was executing one of the tasks. */
  interruptedBy(death: Death): void;
  /** Puts the task in line again after its interpreter died. Returns false if the task must fail. */
  retry(future: F): boolean;
  /** The future is done. */
  settled(future: F): void;
  /** The reply says that the task ran for `ran` microseconds. */
  timed(future: F, ran: number): void;
  /** The reply says that the interpreter `worker` takes no more tasks. */
  retired(worker: number): void;
  /** Throws if a blocked thread cannot learn that the future is done. Absent: it can. */
  checkBlocking?(): void;
}
