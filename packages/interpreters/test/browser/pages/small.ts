/** The least that shows that interpreters start and work. */
import { create, fromModule } from "interpreters";
import { check, done, equal } from "./checks.js";
import type * as Tasks from "./tasks.js";

const { double, blockingCall } = fromModule<typeof Tasks>(new URL("/pages/tasks.js", location.href));

declare const location: { readonly href: string };

await check("interpreters work", async () => {
  await using interp = create();
  equal(await interp.call(double, 4), 8);
  equal(await interp.call((a: number) => a + 1, 4), 5);
  equal(await interp.call(blockingCall, 20), 42);
});

await done();
