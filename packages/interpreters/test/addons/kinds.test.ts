/** The kinds of addons, which interpreters are refused them, and with which message. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { create } from "interpreters";
import { thrown } from "../support/ways.js";
import { type Fixture, fresh } from "./fixtures.js";
import { type Statics, ways } from "./loads.js";
import { failure, known, limits, loads, make } from "./support.js";

const require = createRequire(import.meta.url);

for (const [fixture, before, afterwards] of [
  ["aware", "context-aware", "context-aware"],
  ["registered", "unknown", "context-aware"],
  ["statics", "node-api", "node-api"],
] as const satisfies readonly (readonly [Fixture, string, string])[]) {
  test(`${fixture}: its kind, and any interpreter may have it`, limits, async () => {
    const file = fresh(fixture);
    assert.equal((require(file) as Statics).next(), 1);
    assert.equal(known(file)?.kind, before);
    assert.equal(await make().call(loads.next, file), 2);
    assert.equal(await make({ config: "legacy" }).call(loads.next, file), 3);
    assert.equal(known(file)?.kind, afterwards);
  });
}

for (const config of ["isolated", "legacy"] as const) {
  test(
    `an addon that is not context-aware: ${config} interpreters are told, and main is unharmed`,
    limits,
    async () => {
      const file = fresh("legacy");
      const interp = make({ config });
      const first = await failure(interp.call(loads.next, file));
      assert.match(
        first.message,
        /legacy.*not context-aware.*tried.*main interpreter|legacy.*main interpreter.*tried/,
      );
      assert.equal((first.cause as NodeJS.ErrnoException).code, "ERR_DLOPEN_FAILED");
      const second = await failure(interp.call(loads.next, file));
      // The kind is known by now. An interpreter that does not check it tries to load the addon all the same.
      assert.equal(second.cause === undefined, config === "isolated");
      assert.match(second.message, config === "isolated" ? /checkMultiInterpAddons: false/ : /It was tried/);
      const statics = require(file) as Statics;
      assert.deepEqual([statics.next(), statics.next()], [1, 2]);
      const entry = known(file);
      assert.equal(entry?.kind, "legacy");
      assert.deepEqual(
        entry?.refusals,
        [first, second].map(({ message }) => ({ interpreterId: interp.id, message })),
      );
    },
  );
}

test("main had it before: it is refused, and main goes on using it", limits, async () => {
  const file = fresh("legacy");
  const statics = require(file) as Statics;
  assert.equal(statics.next(), 1);
  await failure(make().call(loads.next, file));
  assert.equal(statics.next(), 2);
});

test("only the last refusals are kept", limits, async () => {
  const file = fresh("legacy");
  const interp = make();
  for (let i = 0; i < 20; i++) await failure(interp.call(loads.next, file));
  assert.equal(known(file)?.refusals.length, 16);
});

test("many refused at once: none is missing", limits, async () => {
  const file = fresh("legacy");
  const several = Array.from({ length: 4 }, () => make());
  const turns = several.flatMap((interp) => [1, 2, 3, 4].map(() => failure(interp.call(loads.next, file))));
  await Promise.all(turns);
  const by = known(file)?.refusals.map(({ interpreterId }) => interpreterId) ?? [];
  assert.deepEqual(
    by.sort((a, b) => a - b),
    several.flatMap(({ id }) => [id, id, id, id]),
  );
});

test("allowAddons: false refuses all, and main is not asked", limits, async () => {
  const interp = make({ config: { allowAddons: false } });
  for (const way of ways) {
    const file = fresh("statics");
    const error = await failure(interp.call(loads.initialized, way, file));
    assert.match(error.message, /statics.*allowAddons: true/);
    assert.equal(known(file), undefined);
  }
  // An addon that main has loaded is refused, too.
  const file = fresh("statics");
  require(file);
  await failure(interp.call(loads.next, file));
});

test("bad settings are errors at once", () => {
  const bad = (config: object): string => thrown(() => create({ config })).message;
  assert.match(bad({ addonTimeout: -1 }), /config\.addonTimeout must not be negative, found -1/);
  assert.match(
    bad({ addonTimeout: "1" }),
    /config\.addonTimeout must be a number of milliseconds, found '1'/,
  );
  assert.match(bad({ addonTimeout: null }), /config\.addonTimeout must be a number of milliseconds/);
  assert.match(bad({ allowAddons: 1 }), /config\.allowAddons must be a boolean, found 1/);
});
