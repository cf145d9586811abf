/**
 * Saves an idle worker the trips to Redis that find nothing.
 *
 * BullMQ's workers wait for the *marker*, an entry that each added job sets. Redis sets it again whenever a worker takes a job, in case more jobs
 * wait: the worker then asks for a second job, finds the marker, asks once more, and only then waits. These three trips cost more than a
 * small task, and they delay its outcome and the task after it. So this worker sends a question along with each request for a job. If no
 * other job waits, Redis removes the marker in the same step, and the worker's second request is answered here.
 *
 * No job is overlooked. A job that is added after the question sets the marker again, only a worker that waits removes it, and this worker
 * asks Redis after each wait.
 */
import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from "bullmq";
import { runScript } from "./scripts.js";
import { setImmediate } from "./timers.js";

/** BullMQ's answer if no job waits: no job, no id, no rate limit, and no delayed job. */
const NOTHING = [null, 0, 0, 0] as const;

/** For the constructor of BullMQ's `Worker`. */
export const fetchingBackend: BackendFactory<RedisQueueBackend> = (...args) => {
  const backend = createRedisBackend(...args);
  const { marker, wait, prioritized, delayed, limiter } = backend.keys;
  const moveToActive = backend.moveToActive.bind(backend);
  const waitForJob = backend.waitForJob.bind(backend);
  /** How often this worker has waited. */
  let waits = 0;
  /** Whether each job that waits has set the marker since the last wait. */
  let empty = false;

  const ask = async (): Promise<void> => {
    const before = waits;
    try {
      const client = await backend.client;
      const answer = await runScript(client, "interpretersEmpty", [
        marker,
        wait,
        prioritized,
        delayed,
        limiter,
      ]);
      // A wait may have removed the marker of a job that came after the answer.
      empty = answer === 1 && waits === before;
    } catch {
      // The worker asks for a second job, as BullMQ's own workers do.
    }
  };

  backend.moveToActive = async (token, name): Promise<unknown[]> => {
    if (empty) {
      empty = false;
      return [...NOTHING];
    }
    const fetched = moveToActive(token, name);
    // Both await the client, so both commands are written at once.
    void ask();
    return (await fetched) as unknown[];
  };

  backend.waitForJob = async (seconds) => {
    waits++;
    empty = false;
    // The worker waits for the next job before it begins the one that it has just fetched. The job goes first.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return await waitForJob(seconds);
  };
  return backend;
};
