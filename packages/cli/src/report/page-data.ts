/** The data of a report, as the page contains it: numbers as the bytes of arrays, so that many tasks take little room. */

/** In microseconds from the beginning of the trace. Tasks are in the order in which they began. */
export interface PageData {
  readonly process: string;
  /** How long the trace lasts. */
  readonly length: number;
  readonly complete: boolean;
  /** The rows of the timeline. */
  readonly rows: readonly Row[];
  readonly names: readonly string[];
  readonly count: number;
  /** Base64 of a Float64Array. */
  readonly began: string;
  /** Base64 of Float32Arrays; -1 is unknown. */
  readonly ran: string;
  readonly waited: string;
  /** Base64 of a Uint16Array: indices of rows. */
  readonly row: string;
  /** Base64 of a Uint32Array: indices of names. */
  readonly name: string;
  /** Base64 of a Uint8Array: read-trace.ts, how a task ended. */
  readonly state: string;
  /** By index of the task: why it failed. */
  readonly why: Readonly<Record<number, string>>;
  readonly instants: readonly (readonly [at: number, row: number, name: string])[];
  readonly counters: readonly (readonly [name: string, points: readonly (readonly [number, number])[]])[];
}

export interface Row {
  readonly label: string;
  /** Whether an interpreter runs here; the main interpreter runs no tasks. */
  readonly executes: boolean;
  /** From its start to its end, or that of the trace. */
  readonly from: number;
  readonly to: number;
}
