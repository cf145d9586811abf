/**
 * Takes an instance of each class that this runtime exports and lets itself be made, and compares what other interpreters get of it
 * with what the runtime's own postMessage delivers. Prints one line of JSON. A program of its own: some instances keep a process
 * alive, and some classes print when they are first touched.
 *
 *     node builtin-classes.js
 */

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { types } from "node:util";
import { Worker } from "node:worker_threads";
import { create, createQueue, isShareable, move, NotShareableError } from "interpreters";
import { EMPTY_ZIP, walkBuiltins } from "./builtin-instances.js";

process.noDeprecation = true;
process.removeAllListeners("warning");
process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});

/** The result. */
export interface Verdict {
  /** How many objects were judged, and how many of the exported classes have one among them. */
  tried: number;
  covered: number;
  readonly arrived: string[];
  readonly moved: string[];
  readonly refused: string[];
  /** Where the other classes are. */
  readonly leftOut: string[];
  readonly wrong: string[];
}
const verdict: Verdict = {
  tried: 0,
  covered: 0,
  arrived: [],
  moved: [],
  refused: [],
  leftOut: [],
  wrong: [],
};

/** Describes a value: the classes of its prototype chain, and what `inspect` shows. Runs in any thread. */
function look(value: unknown): string {
  const { inspect } = process.getBuiltinModule("node:util");
  const chain: unknown[] = [];
  for (let each = value as object | null; each !== null;) {
    each = Object.getPrototypeOf(each) as object | null;
    if (each === null) break;
    chain.push((Object.getOwnPropertyDescriptor(each, "constructor")?.value as Function | undefined)?.name);
  }
  return `${chain.join()} ${inspect(value, { depth: 3, breakLength: Infinity })}`;
}

const queue = createQueue<unknown>();
const interp = create();
const worker = new Worker(
  `const look = ${look.toString()};
  require("node:worker_threads").parentPort.on("message", (value) => {
    require("node:worker_threads").parentPort.postMessage(look(value));
  });`,
  { eval: true },
);

/** Returns what another thread sees of a message. Throws where the runtime refuses to post it. */
async function posted(value: unknown, transfer: readonly object[]): Promise<string> {
  worker.postMessage(value, transfer as ArrayBuffer[]);
  const [seen] = (await once(worker, "message")) as [string];
  return seen;
}

/** Returns undefined where the runtime refuses to clone the value, or to move it. */
function cloned(value: unknown, transfer: readonly object[] = []): { readonly clone: unknown } | undefined {
  try {
    return { clone: structuredClone(value, { transfer: transfer as ArrayBuffer[] }) };
  } catch {
    return undefined;
  }
}

const isError = (value: unknown): boolean => types.isNativeError(value) || value instanceof Error;
const prototypeOf = (value: unknown): object | null => Object.getPrototypeOf(value) as object | null;
/** Whether a copy of its properties is all that the value is. */
const isData = (value: unknown): boolean =>
  [Object.prototype, null].includes(prototypeOf(value)) || Array.isArray(value) || value === process.env;

/** Whether it has parts that a program can change, so that a copy must be taken at once. */
const isMutable = (value: unknown): boolean =>
  types.isMap(value) || types.isSet(value) || types.isDate(value) || isError(value) || isData(value);

/** Returns the value of a queue's item, or undefined if the queue refused it. */
function put(value: unknown): { readonly item: unknown } | undefined {
  try {
    queue.putNowait(value);
  } catch (error) {
    if (error instanceof NotShareableError) return undefined;
    throw error;
  }
  return { item: queue.getNowait() };
}

/** Returns what is wrong with how the value travels. */
async function judge(name: string, value: object, make: () => unknown): Promise<string | undefined> {
  const shareable = isShareable(value);
  const received = put(value);
  if (shareable !== (received !== undefined)) return `isShareable says ${shareable}, put does not`;
  if (isShareable([{ value }]) !== shareable) return `isShareable does not say ${shareable} of [{ value }]`;
  if (received === undefined) return await judgeRefused(name, value, make);
  verdict.arrived.push(name);
  const copy = cloned(value);
  if (copy === undefined) return `structured clone refuses it, and it arrives as ${look(received.item)}`;
  // Errors keep more than a structured clone keeps of them.
  const expected = isError(value) ? look(value) : await posted(value, []);
  const there = await interp.call(look, value);
  if (there !== expected) return `arrives as ${there}, not ${expected}`;
  // Only an immutable object may come back as the same one.
  const same = received.item === value && !isMutable(value);
  if (!same && look(received.item) !== look(isError(value) ? value : copy.clone))
    return `comes back as ${look(received.item)}, not ${look(copy.clone)}`;
  if (isData(received.item) && !isData(value)) return `arrives as a bag of properties, ${there}`;
  return undefined;
}

/** A value that is refused must be one that the runtime refuses, too, or of which it clones something else. */
async function judgeRefused(name: string, value: object, make: () => unknown): Promise<string | undefined> {
  const copy = cloned(value);
  if (copy !== undefined) {
    verdict.refused.push(name);
    const same = prototypeOf(copy.clone) === prototypeOf(value) && look(copy.clone) === look(value);
    return same ? `is refused, although the runtime clones it: ${look(value)}` : undefined;
  }
  if (types.isProxy(value) || cloned(value, [value]) === undefined) {
    verdict.refused.push(name);
    return undefined;
  }
  verdict.moved.push(name);
  const [first, second] = [make() as object, make() as object];
  // Descriptors and ports have their numbers.
  const expected = (await posted(first, [first])).replaceAll(/\d+/g, "0");
  const there = (await interp.call(look, move(second))).replaceAll(/\d+/g, "0");
  return there === expected ? undefined : `moves as ${there}, not ${expected}`;
}

// Some constructors make files.
const folder = mkdtempSync(join(tmpdir(), "interpreters-classes-"));
process.chdir(folder);
writeFileSync("file", "");
writeFileSync("empty.zip", EMPTY_ZIP);

const { makers, classes } = await walkBuiltins();
const values: object[] = [];
for (const [name, make] of makers) {
  let value: unknown;
  try {
    value = make();
  } catch {
    continue;
  }
  if ((typeof value !== "object" || value === null) && typeof value !== "function") continue;
  verdict.tried++;
  if (!types.isProxy(value)) values.push(value);
  try {
    const wrong = await judge(name, value, make);
    if (wrong !== undefined) verdict.wrong.push(`${name} ${wrong}`);
  } catch (error) {
    verdict.wrong.push(`${name} ${look(error)}`);
  }
}
for (const [place, Class] of classes) {
  if (values.some((value) => value instanceof Class)) verdict.covered++;
  else verdict.leftOut.push(place);
}

process.chdir("/");
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`\n${JSON.stringify(verdict)}\n`, () => process.exit(0));
