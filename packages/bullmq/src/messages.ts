/**
 * The messages in Redis: tasks as the data of BullMQ jobs, and outcomes as entries of a stream that the caller owns. Values are in the
 * encoding of `interpreters/core` (`remote.encode`), as base64, because drivers of Redis hand out text.
 *
 *     prefix:queue:<jobId>                       BullMQ's job: TaskData
 *     prefix:queue:interpreters:args:<jobId>     arguments of more than INLINE characters, until the outcome is there
 *     prefix:queue:interpreters:replies:<id>     the stream of executor <id>: OutcomeData, several in one entry
 *     prefix:queue:interpreters:result:<jobId>   a result of more than INLINE characters, until the caller has read it
 *     prefix:queue:interpreters:taken:<jobId>    the tasks of a bundle that were taken back, until it runs
 *     prefix:queue:interpreters:places           the most tasks that one worker runs at a time
 *     prefix:queue:interpreters:control          a stream for the workers: jobs to stop
 */
import { core, type RemoteOutcome } from "interpreters/core";
import { InterpreterDiedError, NotShareableError } from "interpreters";
import { makeError } from "./errors.js";
import type { ModuleName } from "./function-name.js";

/** The version of all of this. Sides that differ refuse each other. */
export const VERSION = 1;

/** Characters of base64 up to which a value travels within its job or outcome. */
export const INLINE = 64 * 1024;

/** The data of a job. Short names: each task carries them. */
export interface TaskData {
  readonly v: number;
  /** The module and the export. */
  readonly f: ModuleName;
  readonly e: string;
  /** The arguments, unless they lie apart. */
  readonly a?: string;
  /** Whether they are those of several calls. */
  readonly b?: 1;
  /** The executor that waits for the outcome. */
  readonly r: string;
  /** Its number for the task. */
  readonly i: number;
  /** The time limit in milliseconds. */
  readonly t?: number;
  /** How often it may run again. */
  readonly n?: number;
  /** The most bytes of a result. */
  readonly m: number;
  /** How often its workers have died, besides what BullMQ has counted. */
  readonly d?: number;
  /** Of a bundle: the number and the arguments of each task, in place of `i` and `a`. */
  readonly k?: readonly (readonly [id: number, values: string])[];
}

/** The data of a job whose task was taken back. */
export const TAKEN_BACK = JSON.stringify({ v: VERSION, x: 1 });

/** How an outcome travels: the number of the task, the microseconds it ran, what kind it is, and the values. */
export type OutcomeData = readonly [
  id: number,
  ran: number,
  kind: OutcomeKind | "returned",
  values: string | { readonly apart: string } | Returned,
];

/** Tasks of a bundle come back to their caller, who sends them again. `begun`: how many of those that are open may have run. */
export interface Returned {
  readonly ids: readonly number[];
  readonly begun: number;
}
export type OutcomeKind = "value" | "threw" | "failed" | "batch";

/** The kind of an outcome, and its values as base64. */
export interface EncodedOutcome {
  readonly kind: OutcomeKind;
  readonly values: string;
}

/** @throws NotShareableError the value cannot travel */
export function toBase64(value: unknown, root: string): string {
  return Buffer.from(core.remote.encode(value, root)).toString("base64");
}

export function fromBase64(text: string): unknown {
  return core.remote.decode(Buffer.from(text, "base64"));
}

/** Encodes an outcome. If its value cannot travel, or is larger than `most` bytes, the outcome is the error that says so. */
export function encodeOutcome(outcome: RemoteOutcome, most: number): EncodedOutcome {
  let encoded: EncodedOutcome;
  try {
    encoded = encodeAny(outcome);
  } catch (error) {
    encoded = encodeFailed(error);
  }
  const bytes = Math.floor((encoded.values.length * 3) / 4);
  if (bytes <= most) return encoded;
  return encodeFailed(
    makeError(
      "ERR_VALUE_TOO_LARGE",
      `Cannot send back a result of ${bytes} bytes: at most ${most} are allowed (write it where both sides can read it and return its name, or ` +
        "raise the executor's maxValueSize)",
    ),
  );
}

function encodeAny(outcome: RemoteOutcome): EncodedOutcome {
  switch (outcome.kind) {
    case "value":
      return { kind: "value", values: toBase64(outcome.value, "result") };
    case "threw":
      return encodeThrown(outcome);
    case "batch":
      return encodeBatch(outcome);
    case "failed":
      return encodeFailed(outcome.error);
  }
}

function encodeThrown({ info, thrown, interpreter }: RemoteOutcome & { kind: "threw" }): EncodedOutcome {
  try {
    return { kind: "threw", values: toBase64([info, thrown, interpreter], "error") };
  } catch (error) {
    if (!(error instanceof NotShareableError) || !(thrown instanceof Error)) throw error;
    // A property of the error cannot leave its process. The error itself matters more.
    const { name, message, stack } = thrown;
    const copy = Object.defineProperties(new Error(message), {
      name: { value: name, configurable: true, writable: true },
      stack: { value: stack, configurable: true, writable: true },
    });
    return { kind: "threw", values: toBase64([info, copy, interpreter], "error") };
  }
}

function encodeFailed(error: unknown): EncodedOutcome {
  try {
    return { kind: "failed", values: toBase64(error, "error") };
  } catch {
    return { kind: "failed", values: toBase64(new Error(String(error)), "error") };
  }
}

/** A result that cannot travel fails its own call: the results before it arrive. */
function encodeBatch({ values, failure, took }: RemoteOutcome & { kind: "batch" }): EncodedOutcome {
  const good: unknown[] = [];
  let failed = failure;
  for (const value of values) {
    try {
      core.remote.encode(value, "result");
    } catch (error) {
      failed = { kind: "failed", error };
      break;
    }
    good.push(value);
  }
  const inner = failed && encodeAny(failed);
  return { kind: "batch", values: toBase64([good, inner?.kind, inner?.values, took], "results") };
}

export function decodeOutcome(kind: OutcomeKind, values: string): RemoteOutcome {
  try {
    return decodeAny(kind, values);
  } catch (error) {
    return { kind: "failed", error };
  }
}

function decodeAny(kind: OutcomeKind, values: string): RemoteOutcome {
  const value = fromBase64(values);
  switch (kind) {
    case "value":
      return { kind, value };
    case "failed":
      return { kind, error: value };
    case "threw": {
      const [info, thrown, interpreter] = value as [never, unknown, number];
      return { kind, info, thrown, interpreter };
    }
    case "batch": {
      const [good, inner, innerValues, took] = value as [unknown[], OutcomeKind | undefined, string, number];
      const failure = inner === undefined ? undefined : decodeAny(inner, innerValues);
      return { kind, values: good, failure, took };
    }
  }
}

/** The outcome of a task whose worker's machine or process ended. */
export function diedOutcome(label: string, deaths: number, retries: number): RemoteOutcome {
  const runs =
    retries === 0 ? "" : `, as did the ones before (${deaths} in all; the task had ${retries} retries)`;
  const error = new InterpreterDiedError(
    `Cannot finish ${label}: the worker that ran it ended, or lost its connection to Redis${runs}`,
    { interpreterId: -1, reason: "terminated" },
  );
  return { kind: "failed", error };
}
