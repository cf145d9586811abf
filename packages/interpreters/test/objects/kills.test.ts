/** Interpreters with objects, and those that use them, die at random moments: each call has exactly one outcome. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromModule, Interpreter, InterpreterDiedError } from "interpreters";
import { Chance } from "../support/queues.js";
import { limits, until, using } from "../support/ways.js";

const db = fromModule<typeof import("./database.js")>(new URL("./database.js", import.meta.url));
const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));

for (let seed = 1; seed <= 4; seed++) {
  test(`interpreters with objects are killed under load (seed ${seed})`, limits, () =>
    using(async (survivor) => {
      const chance = new Chance(seed);
      const homes = [create(), create(), create()];
      const proxies = await Promise.all([...homes, survivor].map((home) => home.construct(db.Counter, 0)));
      const user = create();
      const usersEnd = user
        .call(
          inside.useForEver,
          [...homes, survivor].map(({ id }) => id),
          new URL("./database.js", import.meta.url).href,
        )
        .catch((error: unknown) => error);
      let settled = 0;
      let sent = 0;
      const calls: Promise<void>[] = [];
      const call = (): void => {
        sent++;
        const proxy = chance.pick(proxies);
        const pending = chance.next() < 0.5 ? proxy.add(1) : proxy.addLater(1);
        calls.push(
          pending
            .then(
              (n) => assert.equal(typeof n, "number"),
              (error: unknown) => {
                assert.ok(error instanceof InterpreterDiedError, String(error));
                assert.notEqual(proxy, proxies[3]);
              },
            )
            .finally(() => settled++),
        );
      };
      for (const next of [homes[0], user, homes[1], homes[2]]) {
        for (let i = 0; i < 50; i++) call();
        const enough = settled + chance.below(40);
        await until(() => settled >= Math.min(enough, sent), "calls are settled");
        if (chance.next() < 0.5) await next.terminate();
        else next.terminateSync();
      }
      for (let i = 0; i < 20; i++) call();
      await Promise.all(calls);
      assert.equal(settled, sent);
      assert.ok((await usersEnd) instanceof InterpreterDiedError);
      assert.equal(typeof (await proxies[3].add(0)), "number");
      assert.ok(new Interpreter(survivor.id) === survivor);
    }),
  );
}
