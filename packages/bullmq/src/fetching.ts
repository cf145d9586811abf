/**
 * Fewer trips to Redis while a worker is idle but for one job.
 *
 * Whoever takes a job sets the *marker* again, at which idle workers wait, in case more jobs wait: BullMQ's worker then asks for another job, finds
 * the marker, asks again, and only then waits. For a small task, these trips take longer than the task, and keep its outcome and the
 * next task waiting. So a job is fetched together with a question: if no other job waits, Redis takes the marker away in the same step, and the
 * worker's next request is answered here.
 *
 * No job is overlooked: one that is added later sets the marker, which only a waiting worker takes away, and this one asks Redis again
 * after it has waited.
 */
import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from "bullmq";
import { runScript } from "./scripts.js";

/** BullMQ's answer when no job waits: no job, no limit of the rate, and no delayed job. */
const NOTHING = [null, 0, 0, 0] as const;

/** For BullMQ's `Worker`. */
export const fetchingBackend: BackendFactory<RedisQueueBackend> = (...args) => {
  const backend = createRedisBackend(...args);
  const { keys } = backend;
  const asked = [keys.marker, keys.wait, keys.prioritized, keys.delayed, keys.limiter];
  const moveToActive = backend.moveToActive.bind(backend);
  const waitForJob = backend.waitForJob.bind(backend);
  /** How often this worker has waited: the marker may have gone with it. */
  let waits = 0;
  /** Whether no job waits without having set the marker. */
  let empty = false;

  const ask = async (): Promise<void> => {
    const before = waits;
    const client = await backend.client;
    if (client.status !== "ready") return;
    const answer = await runScript(client, "interpretersEmpty", asked).catch(() => 0);
    empty = answer === 1 && waits === before;
  };

  backend.moveToActive = async (token, name): Promise<unknown[]> => {
    if (empty) {
      empty = false;
      return [...NOTHING];
    }
    const fetched = moveToActive(token, name);
    // It waits for the client as the command does, so both are written at once.
    void ask();
    return (await fetched) as unknown[];
  };

  backend.waitForJob = async (seconds) => {
    waits++;
    empty = false;
    // The job that was just fetched begins before the worker writes this.
    await new Promise(setImmediate);
    return await waitForJob(seconds);
  };
  return backend;
};
