/**
 * Saves an idle worker the trips to Redis that find nothing.
 *
 * BullMQ's workers wait for the *marker*, an entry that each added job sets. Redis sets it again whenever a worker takes a job, in case more jobs
 * wait: the worker then asks for a second job, finds the marker, asks once more, and only then waits. These three trips cost more than a
 * small task, and they delay its outcome and the task after it. So after a job that ended a wait, the next request is answered here, as if no
 * job waited. The worker then waits, and Redis first removes the marker if no job waits indeed.
 *
 * No job is overlooked: the answer leads to a wait, and the marker, which ends that, is there while a job waits.
 */
import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from "bullmq";
import { coalesceWrites } from "./coalesce.js";
import { defineScripts, runScript } from "./scripts.js";
import { setImmediate } from "./timers.js";

/** BullMQ's answer if no job waits: no job, no id, no rate limit, and no delayed job. */
const NOTHING = [null, 0, 0, 0] as const;

/** For the constructor of BullMQ's `Worker`. */
export const fetchingBackend: BackendFactory<RedisQueueBackend> = (...args) => {
  const backend = createRedisBackend(...args);
  const { marker, wait, prioritized, delayed, limiter } = backend.keys;
  const moveToActive = backend.moveToActive.bind(backend);
  const waitForJob = backend.waitForJob.bind(backend);
  let state: "has waited" | "has a job" | undefined;

  backend.moveToActive = async (token, name): Promise<unknown[]> => {
    if (state === "has a job") {
      state = undefined;
      return [...NOTHING];
    }
    const waited = state === "has waited";
    state = undefined;
    const fetched = (await moveToActive(token, name)) as unknown[];
    if (waited && fetched[0]) state = "has a job";
    return fetched;
  };

  backend.waitForJob = async (seconds) => {
    state = undefined;
    // The worker waits for the next job before it begins the one that it has just fetched. The job goes first.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const client = await backend.blockingClient;
    if (client !== undefined) {
      defineScripts(client);
      coalesceWrites(client);
      // If this fails, the wait finds the marker.
      runScript(client, "interpretersEmpty", [marker, wait, prioritized, delayed, limiter]).catch(
        () => undefined,
      );
    }
    const found = await waitForJob(seconds);
    state = "has waited";
    return found;
  };
  return backend;
};
