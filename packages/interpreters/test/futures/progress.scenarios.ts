/** Programs that progress.test.ts runs, each in its own process: `node progress.scenarios.js <name>`. */
import { callback, type Callback, create, InterpreterPoolExecutor } from "interpreters";

process.on("uncaughtException", (error) => console.log(String(error)));

const scenarios: Record<string, () => Promise<void>> = {
  async throwing() {
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const result = await executor
      .with({
        onProgress: (n: number) => {
          throw new Error(`listener ${n}`);
        },
      })
      .submit((report) => {
        report(1);
        report(2);
        return "fine";
      });
    await new Promise((resolve) => setImmediate(resolve));
    console.log(result);
  },
  // A promise that settles too late for its caller, which was refused: its failure must not be lost.
  async rejectedTooLate() {
    await using interp = create();
    using later = callback(() => Promise.reject(new Error("too late")));
    try {
      interp.callSync((f: Callback<[], never>) => f.sync(), later);
    } catch (error) {
      console.log((error as { cause: { code: string } }).cause.code);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  },
};

await scenarios[process.argv[2]]();
