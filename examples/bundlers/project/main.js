import { fromModule, InterpreterPoolExecutor } from "interpreters";

const { double } = fromModule(new URL(/* webpackIgnore: true */ "./work.js", import.meta.url));
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
console.log(await pool.submit(double, 21));
await pool.shutdown();
