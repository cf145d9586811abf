/** A sandboxed processor of BullMQ, and what the workers of interpreters-bullmq run: the same function. */
import { spin } from "./work.js";

export default function run(job: { readonly data: number }): number {
  return task(job.data);
}

/** 0 does nothing, another number is the iterations of `spin`. */
export function task(iterations: number): number {
  return iterations === 0 ? 0 : spin(iterations);
}

/** Waits for a millisecond, as for a database. */
export async function wait(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return 0;
}
