/** A worker that this package did not start: it has a runtime of its own, and may block. */
import { create, createQueue, fromModule } from "interpreters";
import { check, done, equal, failure } from "./checks.js";
import type * as Tasks from "./tasks.js";

const { double } = fromModule<typeof Tasks>(new URL("./tasks.js", import.meta.url));

await check("a worker of the page's own", async () => {
  const interp = create();
  const early = await failure(() => interp.callSync(double, 1));
  equal(early.code, "ERR_BLOCKING_NOT_ALLOWED");
  equal(await interp.call(double, 4), 8);
  equal(interp.callSync(double, 5), 10);
  const queue = createQueue<number>();
  queue.putSync(1);
  equal(queue.getSync(), 1);
  interp.closeSync();
});

await done();
