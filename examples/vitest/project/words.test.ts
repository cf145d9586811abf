import { createQueue, fromModule, InterpreterPoolExecutor } from "interpreters";
import { afterAll, expect, test, vi } from "vitest";
import * as here from "./words.js";

const { topWords, sentences, endless } = fromModule<typeof import("./words.js")>(
  new URL("./words.js", import.meta.url),
);
const pool = new InterpreterPoolExecutor({ maxWorkers: 2, shutdownTimeout: 5_000 });
afterAll(() => pool.shutdown());

const TEXT = "To be, or not to be, that is the question.";

test("a function gives the same here and in a worker", async () => {
  expect(await pool.submit(topWords, TEXT, 2)).toEqual(here.topWords(TEXT, 2));
});

test("a function is called here only", () => {
  expect(here.longest(TEXT)).toBe(9);
});

test("map keeps the order", async () => {
  const found: string[] = [];
  for await (const [{ word }] of pool.map(
    (text: string) => [{ word: text.split(" ")[0] }],
    [TEXT, "Words."],
  )) {
    found.push(word);
  }
  expect(found).toEqual(["To", "Words."]);
});

test("an error keeps its class", async () => {
  await expect(pool.submit(sentences, "")).rejects.toThrow(RangeError);
});

test("a limit ends an endless function", async () => {
  const limited = pool.with({ timeout: 100 });
  await expect(limited.submit(endless)).rejects.toMatchObject({ name: "TimeoutError" });
});

test("fake timers stay here", async () => {
  vi.useFakeTimers();
  try {
    const slept = await pool.submit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return "slept";
    });
    expect(slept).toBe("slept");
  } finally {
    vi.useRealTimers();
  }
});

test("a queue carries what a task reports", async () => {
  const queue = createQueue<number>();
  await pool.submit((out: typeof queue) => {
    for (let n = 1; n <= 3; n++) out.putNowait(n);
  }, queue);
  expect(await queue.getMany(3)).toEqual([1, 2, 3]);
});
