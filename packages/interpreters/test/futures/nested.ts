/** The tests run this inside an interpreter: it creates a pool there. */
import { InterpreterPoolExecutor } from "interpreters";

export async function sumOfSquares(numbers: number[]): Promise<number> {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  // Half of them blocking, half of them not.
  const futures = numbers.map((n) => pool.submit((x: number) => x * x, n));
  let sum = 0;
  for (const [i, future] of futures.entries()) sum += i % 2 === 0 ? future.resultSync() : await future;
  return sum;
}
