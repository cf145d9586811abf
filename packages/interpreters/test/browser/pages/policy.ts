/** A page whose Content-Security-Policy forbids code from text, and workers from blobs. */
import { create, createQueue, fromModule, InterpreterPoolExecutor } from "interpreters";
import { check, done, equal, failure, matches } from "./checks.js";
import type * as Tasks from "./tasks.js";

const { double, blockingGet } = fromModule<typeof Tasks>(new URL("./tasks.js", import.meta.url));

await check("modules by URL work", async () => {
  await using interp = create();
  equal(await interp.call(double, 4), 8);
  const queue = createQueue<number>();
  const got = interp.call(blockingGet, queue);
  await queue.put(1);
  equal(await got, 1);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  equal(await pool.submit(double, 1), 2);
});

await check("functions as text are refused with what to do", async () => {
  await using interp = create();
  const error = await failure(() => interp.call(() => 1));
  equal(error.name, "NotShareableError");
  matches(error.message, /'unsafe-eval'.*fromModule\(new URL\(/);
  const ofScript = await failure(() => interp.exec("var a = 1"));
  matches(ofScript.message, /'unsafe-eval'/);
  equal(await interp.call(double, 4), 8);
});

await done();
