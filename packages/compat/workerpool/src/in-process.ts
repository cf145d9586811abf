/** In the child process of a worker of type "process": takes the pool's messages. */
import { CLEANUP, type FromWorker, TERMINATE, type ToWorker } from "./messages";
import { isTransfer } from "./transfer";
import { cleanUp, currentWorker, execute, finish, openWorker, type WorkerState } from "./worker";

/** An error as JSON can carry it: its properties, whether they are enumerable or not. */
function described(error: unknown): object {
  if (typeof error !== "object" || error === null) return { message: String(error), thrown: error };
  if (typeof (error as { toJSON?: unknown }).toJSON === "function") {
    return { ...(JSON.parse(JSON.stringify(error)) as object) };
  }
  const names = Object.getOwnPropertyNames(error);
  const name = (error as { name?: unknown }).name;
  return JSON.parse(JSON.stringify({ name, ...pick(error, names) })) as object;
}

const pick = (object: object, names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, (object as Record<string, unknown>)[name]]));

const plain = (value: unknown): unknown => (isTransfer(value) ? value.message : value);

/** Makes this process a worker, unless it is one. Returns undefined if no pool started it. */
export function processWorker(): WorkerState | undefined {
  const running = currentWorker();
  if (running !== undefined || process.send === undefined) return running;
  // A pool that is gone ends this process, below.
  const send = (message: FromWorker): void => {
    process.send?.(message, undefined, undefined, () => {});
  };
  const worker = openWorker({
    ready: () => send("ready"),
    emit: (id, payload) => send({ id, isEvent: true, payload: plain(payload) }),
    changed: () => {},
  });
  const run = async (id: number, method: string, params: readonly unknown[] | null | undefined) => {
    try {
      const result = execute(worker, id, method, params);
      send({ id, result: plain(result instanceof Promise ? await result : result), error: null });
    } catch (error) {
      send({ id, error: described(error) });
    }
  };
  process.on("message", (message: ToWorker) => {
    if (message === TERMINATE) {
      void finish(worker, 0);
    } else if (message.method === CLEANUP) {
      const { id } = message;
      void cleanUp(worker, id).then((error) => {
        send({ id, method: CLEANUP, error: error && described(error) });
      });
    } else void run(message.id, message.method, message.params);
  });
  // The pool's process is gone.
  process.on("disconnect", () => process.exit(1));
  return worker;
}
