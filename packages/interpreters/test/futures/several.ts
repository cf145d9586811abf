/** Helpers for tests of pools whose interpreters run several tasks at a time. */
import {
  type ExecutorOptions,
  type Future,
  type Interpreter,
  InterpreterPoolExecutor,
  listAll,
} from "interpreters";
import { Gate, until } from "../support/processes.js";

/** The created interpreters, all of which belong to pools. */
export const workers = (): Interpreter[] =>
  listAll().filter((interp) => interp.whence === "interpreters module");

/** Waits at a gate without blocking its interpreter. */
export const wait = async (gate: Gate["queue"]): Promise<number> => {
  await gate.get();
  return 1;
};

/** One interpreter that runs `concurrency` tasks, all of which wait at the gate. */
export async function full(
  concurrency: number,
  options: ExecutorOptions = {},
): Promise<{ pool: InterpreterPoolExecutor; gate: Gate; waiting: Future<number>[] }> {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency, ...options });
  const gate = new Gate();
  const waiting = Array.from({ length: concurrency }, () => pool.submit(wait, gate.queue));
  await until(() => waiting.every((future) => future.running()));
  return { pool, gate, waiting };
}
