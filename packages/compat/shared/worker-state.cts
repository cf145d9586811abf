/** The state that a worker's file can ask for. Several copies of the adapter in one worker share it. */
export interface WorkerState {
  readonly workerData: unknown;
}

const keyOf = (name: string): symbol => Symbol.for(`interpreters.compat.${name}`);
const states = globalThis as unknown as Record<symbol, WorkerState | undefined>;

/** The state of this thread's worker; undefined in a thread that is no worker. `name` is the adapter's class. */
export const workerState = (name: string): WorkerState | undefined => states[keyOf(name)];

export function setWorkerState(name: string, state: WorkerState): void {
  states[keyOf(name)] = state;
}
