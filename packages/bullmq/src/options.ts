/** The options of executors and workers, checked where the user gives them. */
import { existsSync } from "node:fs";
import { connectionOf, type Connection } from "./connection.js";

/** Options of `BullMQExecutor`. An unknown option is a TypeError. */
export interface BullMQExecutorOptions {
  /** The name of the BullMQ queue, which the workers serve, too. */
  queue: string;
  /**
   * Redis or Valkey: a URL, BullMQ's connection options, or a client (whose `maxRetriesPerRequest` must be null). Default:
   * `redis://127.0.0.1:6379`.
   */
  connection?: Connection | undefined;
  /** The beginning of all keys in Redis. Default: BullMQ's, "bull". */
  prefix?: string | undefined;
  /**
   * How often a task is run again after the worker that ran it died, or its interpreter did. Default: 0. A task with retries may run
   * more than once, even to its end, if its worker dies before the outcome is stored; it has one outcome here all the same.
   */
  retries?: number | undefined;
  /** The project's folder, to which the names of functions are relative. Default: the nearest folder with a package.json, from the working directory up. */
  root?: string | undefined;
  /** Milliseconds within which the first connection must be made. Default: 10,000. Later interruptions are waited for without limit. */
  connectTimeout?: number | undefined;
  /** The most bytes of the arguments, and of the result, of a task. Default: 64 MiB. */
  maxValueSize?: number | undefined;
  /** How many tasks the workers are expected to run at a time: `map` keeps four times as many under way by default. Default: 64. */
  places?: number | undefined;
  /** How many jobs of failed tasks BullMQ keeps for its dashboards. Default: 1000. Those of tasks that succeeded are removed. */
  keepFailed?: number | undefined;
}

export interface CheckedExecutorOptions {
  readonly queue: string;
  readonly connection: ReturnType<typeof connectionOf>;
  readonly prefix: string;
  readonly retries: number;
  readonly root: string | undefined;
  readonly connectTimeout: number;
  readonly maxValueSize: number;
  readonly places: number;
  readonly keepFailed: number;
}

/** Options of `createWorker`. An unknown option is a TypeError. */
export interface WorkerOptions {
  /** The name of the BullMQ queue. */
  queue: string;
  /** As for `BullMQExecutor`. */
  connection?: Connection | undefined;
  /** As for `BullMQExecutor`. */
  prefix?: string | undefined;
  /** The project's folder. Default: as for `BullMQExecutor`. */
  root?: string | undefined;
  /** How many interpreters run tasks. Default: the number of processors. */
  workers?: number | undefined;
  /** How many tasks each runs at a time, if they wait for promises. Default: 1. */
  concurrency?: number | undefined;
  /**
   * Milliseconds after which Redis considers the worker dead if it does not renew its claim on a task. Default: 30,000. A worker whose
   * connection is interrupted for longer loses its tasks to others.
   */
  lockDuration?: number | undefined;
  /** Milliseconds between two looks for tasks of dead workers. Default: 15,000. */
  stalledInterval?: number | undefined;
  /** Milliseconds within which the first connection must be made. Default: 10,000. */
  connectTimeout?: number | undefined;
  /** Called with a line of text for what an operator should know. Default: it is written to stderr. */
  log?: ((line: string) => void) | undefined;
}

export interface CheckedWorkerOptions {
  readonly queue: string;
  readonly connection: ReturnType<typeof connectionOf>;
  readonly prefix: string;
  readonly root: string | undefined;
  readonly workers: number | undefined;
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly connectTimeout: number;
  readonly log: (line: string) => void;
}

const DEFAULT_URL = "redis://127.0.0.1:6379";
/** Redis takes strings of 512 MiB, and base64 makes 4 bytes of 3. */
const MOST_BYTES = 384 * 1024 * 1024;

/** @throws TypeError, RangeError a bad option */
export function checkExecutorOptions(given: BullMQExecutorOptions): CheckedExecutorOptions {
  const what = "BullMQExecutor";
  checkKnown(what, given, [
    "queue",
    "connection",
    "prefix",
    "retries",
    "root",
    "connectTimeout",
    "maxValueSize",
    "places",
    "keepFailed",
  ]);
  const {
    retries = 0,
    connectTimeout = 10_000,
    maxValueSize = 64 * 1024 * 1024,
    places = 64,
    keepFailed = 1000,
  } = given;
  checkWhole(`${what}: retries`, retries, 0);
  checkWhole(`${what}: connectTimeout`, connectTimeout, 1);
  checkWhole(`${what}: maxValueSize`, maxValueSize, 1, MOST_BYTES);
  checkWhole(`${what}: places`, places, 1);
  checkWhole(`${what}: keepFailed`, keepFailed, 0);
  return { ...checkPlace(what, given), retries, connectTimeout, maxValueSize, places, keepFailed };
}

/** @throws TypeError, RangeError a bad option */
export function checkWorkerOptions(given: WorkerOptions): CheckedWorkerOptions {
  const what = "createWorker";
  checkKnown(what, given, [
    "queue",
    "connection",
    "prefix",
    "root",
    "workers",
    "concurrency",
    "lockDuration",
    "stalledInterval",
    "connectTimeout",
    "log",
  ]);
  const {
    workers,
    concurrency = 1,
    lockDuration = 30_000,
    stalledInterval = 15_000,
    connectTimeout = 10_000,
  } = given;
  if (workers !== undefined) checkWhole(`${what}: workers`, workers, 1);
  checkWhole(`${what}: concurrency`, concurrency, 1);
  checkWhole(`${what}: lockDuration`, lockDuration, 100);
  checkWhole(`${what}: stalledInterval`, stalledInterval, 50);
  checkWhole(`${what}: connectTimeout`, connectTimeout, 1);
  const { log = (line: string) => void process.stderr.write(`${line}\n`) } = given;
  if (typeof log !== "function") throw new TypeError(`${what}: log must be a function, found ${typeof log}`);
  return {
    ...checkPlace(what, given),
    workers,
    concurrency,
    lockDuration,
    stalledInterval,
    connectTimeout,
    log,
  };
}

function checkPlace(
  what: string,
  given: {
    queue: string;
    connection?: Connection | undefined;
    prefix?: string | undefined;
    root?: string | undefined;
  },
): Pick<CheckedExecutorOptions, "queue" | "connection" | "prefix" | "root"> {
  const { queue, connection = DEFAULT_URL, prefix = "bull", root } = given;
  if (typeof queue !== "string" || queue === "" || queue.includes(":")) {
    throw new TypeError(`${what}: queue must be the name of a queue, without colons, found ${queue}`);
  }
  if (typeof prefix !== "string" || prefix === "")
    throw new TypeError(`${what}: prefix must be a string that is not empty, found ${prefix}`);
  if (root !== undefined && typeof root !== "string")
    throw new TypeError(`${what}: root must be the name of a folder, found ${typeof root}`);
  if (root !== undefined && !existsSync(root))
    throw new TypeError(`${what}: root must be a folder that exists, found ${root}`);
  return { queue, prefix, root, connection: connectionOf(connection, what) };
}

function checkKnown(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== "object" || given === null)
    throw new TypeError(`${what}: expected an object of options`);
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw new TypeError(`${what}: unknown option ${unknown.join(", ")}; it knows ${known.join(", ")}`);
}

function checkWhole(what: string, value: unknown, least: number, most = 2 ** 31 - 1): void {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number, found ${typeof value}`);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${what} must be a whole number from ${least} to ${most}, found ${value}`);
}
