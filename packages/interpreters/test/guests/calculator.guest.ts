/**
 * The executing side of the stack calculator. Numbers push themselves, `$0` pushes an argument and `$name` a variable; the words are
 * below. The result of a program is what is on top of the stack.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type ExecutingSide, LanguageValue, type Queue } from "interpreters";
import type { CalculatorData } from "./calculator.js";

const TAG = 7;
const variables = new Map<string, unknown>();
let booted = false;
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
  loop: () => {
    for (;;);
  },
  sleep: (stack) => stack.push(sleep(popNumber(stack), 1)),
  exit: () => process.exit(9),
};

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
  async start(data) {
    const { bootTime = 0, bootFailure } = data as CalculatorData;
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
