/** The messages between the pool and a worker's process. Other messages between them are the program's own. */
interface Marked {
  readonly __tinypool_worker_message__: true;
}

export interface RunMessage extends Marked {
  readonly source: "port";
  readonly taskId: number;
  readonly filename: string;
  readonly name: string;
  readonly task: unknown;
}

/** Has the process load a file ahead. */
export interface LoadMessage extends Marked {
  readonly source: "pool";
  readonly filename: string | null;
  readonly name: string;
}

export interface DoneMessage extends Marked {
  readonly source: "port";
  readonly taskId: number;
  readonly failed: boolean;
  readonly outcome: unknown;
  /** Bytes of the process's heap. */
  readonly usedMemory: number;
}

export const isOurs = (message: unknown): message is Marked =>
  typeof message === "object" &&
  message !== null &&
  (message as Partial<Marked>).__tinypool_worker_message__ === true;
