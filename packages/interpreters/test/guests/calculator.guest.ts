/**
 * The executing side of the stack calculator. Numbers push themselves, `$0` pushes an argument and `$name` a variable; the words are
 * below. The result of a program is what is on top of the stack.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type ExecutingSide, LanguageValue, type Queue } from "interpreters";
import { core } from "interpreters/core";
import type { CalculatorData } from "./calculator.js";

const TAG = 7;
const variables = new Map<string, unknown>();
let booted = false;
let interruptible = false;
let shared: unknown;
let id = -1;
/** The stack that the last script left. */
let memory: unknown[] = [];

class CalculatorError extends Error {
  override name = "CalculatorError";
}

const words: Record<string, (stack: unknown[]) => void> = {
  "+": (stack) => stack.push(popNumber(stack) + popNumber(stack)),
  "*": (stack) => stack.push(popNumber(stack) * popNumber(stack)),
  dup: (stack) => stack.push(stack.at(-1)),
  put: (stack) => {
    const queue = stack.pop() as Queue;
    queue.putSync(stack.pop());
  },
  get: (stack) => {
    stack.push((stack.pop() as Queue).getSync());
  },
  /** A value that only calculators understand. */
  secret: (stack) => stack.push(new LanguageValue(TAG, new Uint8Array([popNumber(stack)]))),
  reveal: (stack) => {
    const value = stack.pop();
    if (!LanguageValue.is(value)) throw new CalculatorError("this is no secret");
    stack.push(value.bytes[0]);
  },
  /** Works until it is interrupted. */
  poll: () => {
    while (core.threads.interrupts()[0] === 0);
    raiseInterrupt();
  },
  /** Waits for ever, or until it is interrupted. */
  block: () => {
    core.threads.blockUntil(() => false);
    raiseInterrupt();
  },
  /** Ends well although it was interrupted. */
  obstinate: () => {
    while (core.threads.interrupts()[0] === 0);
    core.threads.interrupts()[0] = 0;
  },
  /** The number that all calculators share. */
  shared: (stack) => stack.push((shared as Int32Array)[0]),
  loop: () => {
    for (;;);
  },
  sleep: (stack) => stack.push(sleep(popNumber(stack), 1)),
  exit: () => process.exit(9),
};

function raiseInterrupt(): never {
  core.threads.interrupts()[0] = 0;
  throw new CalculatorError(core.threads.isInterrupted() ? "interrupted" : "a signal for other work");
}

function popNumber(stack: unknown[]): number {
  const value = stack.pop();
  if (typeof value !== "number") throw new CalculatorError(`expected a number, found ${typeof value}`);
  return value;
}

function run(program: string, args: readonly unknown[], stack: unknown[]): unknown {
  for (const word of program.split(/\s+/).filter((each) => each !== "")) {
    if (!Number.isNaN(Number(word))) stack.push(Number(word));
    else if (/^\$\d+$/.test(word)) stack.push(args[Number(word.slice(1))]);
    else if (word.startsWith("$")) stack.push(variables.get(word.slice(1)));
    else if (word in words) words[word](stack);
    else throw new CalculatorError(`there is no word ${word}`);
  }
  return stack.at(-1);
}

const guest: ExecutingSide = {
  get interruptible() {
    return interruptible;
  },
  async start(data, given) {
    const { bootTime = 0, bootFailure } = data as CalculatorData;
    shared = given;
    if ((data as CalculatorData).counts === true) Atomics.add(shared as Int32Array, 0, 1);
    interruptible = (data as CalculatorData).interruptible === true;
    await sleep(bootTime);
    if (bootFailure !== undefined) throw new CalculatorError(bootFailure);
    booted = true;
  },
  exec(script) {
    if (!booted) throw new CalculatorError("not booted");
    memory = [];
    run(script as string, [], memory);
  },
  prepare(namespace) {
    for (const [name, value] of Object.entries(namespace)) variables.set(name, value);
  },
  load(description) {
    const { program } = description as { program: string };
    return (...args) => {
      if (!booted) throw new CalculatorError("not booted");
      return run(program, args, [...memory]);
    };
  },
  enter() {
    id = core.interpreters.current();
  },
  /** The bytes in reverse, and what they refer to. */
  execute({ codec, bytes, references }) {
    if (bytes[0] === 0) throw new CalculatorError("the first byte is 0");
    const queue = references.length > 0 ? core.queues.hold(references[2]) : undefined;
    if (queue !== undefined) core.queues.release(queue);
    const reply = core.values.encode(id, "id");
    return bytes.length === 0
      ? new core.EncodedValue(codec, reply.bytes)
      : new core.EncodedValue(codec, Uint8Array.from(bytes).reverse(), references);
  },
  describeFailure(thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const name = thrown instanceof Error ? thrown.name : typeof thrown;
    return {
      type: { name },
      message,
      formatted: `${name}: ${message}`,
      errdisplay: `calculator error: ${message}`,
    };
  },
  async finalize() {
    const farewell = variables.get("farewell") as Queue | undefined;
    await sleep(1);
    farewell?.putSync("finalized");
  },
  warmUp: { program: "$0 1 +" },
};

export default guest;
