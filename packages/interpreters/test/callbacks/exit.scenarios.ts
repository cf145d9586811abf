/** Programs for exit.test.ts: `node exit.scenarios.js <name>`. */
import { type Callback, callback, create } from "interpreters";

const never = callback(() => new Promise<void>(() => {}));
const interp = create();
const wait = (never: Callback<[], void>): Promise<void> => never();

const scenarios: Record<string, () => Promise<unknown>> = {
  /** The caller of a callback that never settles is terminated. */
  async terminated() {
    const calling = interp.call(wait, never).catch((error: unknown) => error);
    while (!interp.isRunning()) await new Promise((resolve) => setImmediate(resolve));
    await interp.terminate();
    return await calling;
  },

  /** Its time is up. */
  async timedOut() {
    return await interp
      .with({ timeout: 200 })
      .call(wait, never)
      .catch((error: unknown) => error);
  },
};

console.log((await scenarios[process.argv[2]]()) instanceof Error);
