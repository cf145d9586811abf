/** `InterpreterPoolExecutor` keeps the contract of executors, all of it. */
import { InterpreterPoolExecutor } from "interpreters";
import { executorContract } from "./suite.js";

executorContract({
  name: "InterpreterPoolExecutor",
  open: ({ workers, retries }) =>
    Promise.resolve(new InterpreterPoolExecutor({ maxWorkers: workers, retries })),
  cannot: {},
});
