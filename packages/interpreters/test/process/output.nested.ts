/** Run inside an interpreter by the scenarios: has another one print while this one, and main, are blocked. */
import { create, createQueue } from "interpreters";

export function sayFromWithin(text: string): void {
  const never = createQueue<number>();
  create().callSync(
    (words: string, queue: typeof never) => {
      console.log(words);
      queue.getSync();
    },
    text,
    never,
  );
}
