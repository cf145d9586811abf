/** A page that is loaded again while its interpreters compute. */
import { create, createQueue, fromModule, listAll } from "interpreters";
import { check, done, equal } from "./checks.js";
import type * as Tasks from "./tasks.js";

declare const sessionStorage: { [key: string]: string | undefined };
declare const location: { reload(): void };

const { double, loopForEver } = fromModule<typeof Tasks>(new URL("./tasks.js", import.meta.url));

const interp = create();
if (sessionStorage["loads"] === undefined) {
  sessionStorage["loads"] = "1";
  const queue = createQueue<string>();
  interp.call(loopForEver, queue).catch(() => {});
  await queue.get();
  location.reload();
} else {
  await check("the page that comes after it has a runtime of its own", async () => {
    equal(await interp.call(double, 4), 8);
    equal(
      listAll().map(({ id }) => id),
      [0, interp.id],
    );
    await interp.close();
  });
  await done();
}
