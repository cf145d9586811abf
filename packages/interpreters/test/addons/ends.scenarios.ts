/**
 * Programs that ends.test.ts runs, each in its own process: `node ends.scenarios.js <name>`. Interpreters end, in every
 * possible way, while threads of their addon run and call back. The code of the addon must stay where it is.
 */
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { create, fromModule, type Interpreter, InterpreterPoolExecutor } from "interpreters";
import { fresh } from "./fixtures.js";
import type { Thread } from "./loads.js";

const ROUNDS = 8;
const file = fresh("thread");
const loads = fromModule<typeof import("./loads.js")>(new URL("./loads.js", import.meta.url));

const end: Record<string, (interp: Interpreter) => Promise<unknown>> = {
  close: (interp) => interp.close(),
  terminate: (interp) => interp.terminate(),
  terminateBusy: (interp) => {
    const busy = interp.call(() => {
      for (;;);
    });
    return Promise.allSettled([busy, interp.terminate()]);
  },
  exit: (interp) => Promise.allSettled([interp.call(() => process.exit(1))]),
  uncaught: (interp) =>
    Promise.allSettled([
      interp.call(
        () =>
          new Promise(() => {
            setImmediate(() => {
              throw new Error("meant to be");
            });
          }),
      ),
    ]),
};

async function pool(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
    await Promise.all([1, 2, 3, 4].map(() => executor.submit(loads.startThread, file)));
  }
}

/** The process ends while everything runs. */
async function leave(): Promise<void> {
  await Promise.all([create(), create()].map((interp) => interp.call(loads.startThread, file)));
}

async function main(name: string): Promise<void> {
  if (name === "pool") await pool();
  else if (name === "leave") await leave();
  else {
    for (let round = 0; round < ROUNDS; round++) {
      const interp = create();
      await interp.call(loads.startThread, file);
      await end[name](interp);
    }
  }
  // The threads run on: their code is still there, and main sees their progress.
  const { ticks } = createRequire(import.meta.url)(file) as Thread;
  const before = ticks();
  while (ticks() < before + 20) await delay(1);
  console.log("alive");
}

await main(process.argv[2]);
