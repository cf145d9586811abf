/** Functions that run in other interpreters. */
import { fromModule, Interpreter, InterpreterDiedError, InterpreterNotFoundError } from "interpreters";

/** Makes objects in the interpreters and calls them, until it is stopped. */
export async function useForEver(ids: readonly number[], url: string): Promise<never> {
  const { Counter } = fromModule<typeof import("./database.js")>(url);
  const homes = ids.map((id) => new Interpreter(id));
  for (let i = 0; ; i++) {
    try {
      await using counter = await homes[i % homes.length].construct(Counter, i);
      if ((await counter.add(1)) !== i + 1 || counter.add.sync(1) !== i + 2) throw new Error("wrong result");
    } catch (error) {
      if (!(error instanceof InterpreterDiedError || error instanceof InterpreterNotFoundError)) throw error;
    }
  }
}
