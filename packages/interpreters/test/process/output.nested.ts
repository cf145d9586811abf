/** Scenarios run it inside an interpreter: another interpreter prints while this one, and main, are blocked. */
import { create, createQueue } from "interpreters";

export function sayFromWithin(text: string): void {
  const never = createQueue<number>();
  create().callSync(
    (words: string, queue: typeof never) => {
      console.log(words);
      queue.getSync({ timeout: 2 ** 31 - 1 });
    },
    text,
    never,
  );
}
