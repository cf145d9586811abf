/** The program of a worker's process. */
import { knownHandler, loadHandler } from "../../shared/handlers.cjs";
import { type DoneMessage, isOurs, type LoadMessage, type RunMessage } from "./process-messages.js";

process.__tinypool_state__ = {
  isChildProcess: true,
  isTinypoolWorker: true,
  workerData: null,
  workerId: Number(process.env["TINYPOOL_WORKER_ID"]),
};
// A task may replace `process`.
const send = process.send!.bind(process);
const memoryUsage = process.memoryUsage.bind(process);

process.on("message", (message: unknown) => {
  if (!isOurs(message)) return;
  const ours = message as RunMessage | LoadMessage;
  if (ours.source === "port") void run(ours);
  // If that fails, the first task that needs the file rejects.
  else if (ours.filename !== null) loadHandler(ours.filename, ours.name).catch(() => {});
});

// The pool's process is gone, or the task has closed the channel: no result could reach the pool any more.
process.on("disconnect", () => process.exit(1));

async function run({ taskId, filename, name, task }: RunMessage): Promise<void> {
  let [failed, outcome]: [boolean, unknown] = [false, undefined];
  try {
    const handler = knownHandler(filename, name) ?? (await loadHandler(filename, name));
    outcome = await handler(task);
  } catch (error) {
    [failed, outcome] = [true, plainError(error)];
  }
  const done = (result: unknown, hasFailed: boolean): DoneMessage => ({
    __tinypool_worker_message__: true,
    source: "port",
    taskId,
    failed: hasFailed,
    outcome: result,
    usedMemory: memoryUsage().heapUsed,
  });
  // The pool may have closed its end.
  const ignore = (): void => {};
  try {
    send(done(outcome, failed), undefined, undefined, ignore);
  } catch (error) {
    send(done(plainError(error), true), undefined, undefined, ignore);
  }
}

/** The properties of an error that JSON keeps. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  return Object.assign({}, error, { name, message, stack });
}
