/** A value that cannot travel is refused with its path and leaves nothing half written; lenient copies refuse nothing. */

import assert from "node:assert/strict";
import { createHash, createSecretKey } from "node:crypto";
import { EventEmitter } from "node:events";
import { BlockList } from "node:net";
import { describe, it } from "node:test";
import { MIMEType } from "node:util";
import vm from "node:vm";
import { encode } from "../../src/codec/codec.js";
import { acquireScratch, releaseScratch } from "../../src/codec/scratch.js";
import { NotShareableError } from "../../src/base/errors.js";
import { isShareable } from "../../src/codec/shareable.js";
import { decoded, encoded, roundTrip } from "./support.js";

function assertRefused(value: unknown, message: string): void {
  assert.throws(
    () => encoded(value),
    (error) => {
      assert.ok(error instanceof NotShareableError, String(error));
      assert.ok(error.message.includes(message), `${error.message} does not say ${message}`);
      return true;
    },
  );
}

function fail(): never {
  throw new Error("trap");
}

/** Its `arguments`. */
const argumentsOf = new Function("return arguments") as (...args: number[]) => IArguments;

const unshareable = (): [unknown, string][] => [
  [() => 1, "a function"],
  [URL, "a function"],
  [Symbol("s"), "a symbol"],
  [Object(Symbol("s")), "a Symbol"],
  [Promise.resolve(1), "a Promise"],
  [Object.assign(Promise.resolve(1), { extra: 1 }), "a Promise"],
  [new WeakMap(), "a WeakMap"],
  [new WeakSet(), "a WeakSet"],
  [new WeakRef({}), "a WeakRef"],
  [new FinalizationRegistry(() => {}), "a FinalizationRegistry"],
  [(function* generate() {})(), "a Generator"],
  [[].values(), "an Array Iterator"],
  [new Map().entries(), "a Map Iterator"],
  [new Proxy(Promise.resolve(1), {}), "a Proxy"],
  [new Proxy(new Map(), {}), "a Proxy"],
  [new Proxy({}, {}), "a Proxy"],
  [new Proxy([1], {}), "a Proxy"],
  [new Proxy(new Uint8Array([1]), {}), "a Proxy"],
  [new Proxy(new Date(), {}), "a Proxy"],
  [new Proxy(new Error("e"), {}), "a Proxy"],
  [
    new Proxy({}, { ownKeys: fail, get: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail }),
    "a Proxy",
  ],
  [argumentsOf(1, 2), "an arguments object"],
  [argumentsOf(), "an arguments object"],
  [createHash("sha256"), "a Hash"],
  [new MIMEType("text/plain"), "a MIMEType"],
  [new BlockList(), "a BlockList"],
  [Object.assign(new URL("http://a.b/"), { a: 1 }), "a URL"],
  [new (class Mine extends EventEmitter {})(), "a Mine"],
  [Math, "a Math"],
  [vm.runInNewContext("Math"), "a Math"],
  [vm.runInNewContext("Intl"), "an Intl"],
  [new Proxy(() => 1, {}), "a function"],
  [new Intl.NumberFormat("en"), "an Intl.NumberFormat"],
  [new SharedArrayBuffer(8), "a SharedArrayBuffer"],
  [new MessageChannel().port1, "a MessagePort"],
  [new URL("http://a.b/"), "a URL"],
  [new AbortController(), "an AbortController"],
];

describe("what cannot travel", () => {
  it("is refused, wherever it is, with its path", () => {
    for (const [value, found] of unshareable()) {
      assertRefused(value, `value is ${found} (`);
      assertRefused({ items: [0, { value }] }, "value.items[1].value is ");
      assertRefused([[[value]]], "value[0][0][0] is ");
      assertRefused(new Map([["k", [value]]]), "value.get('k')[0] is ");
      assertRefused(new Set([1, { value }]), "value<item 1>.value is ");
      assertRefused(Object.assign(new Error("e", { cause: { value } }), {}), "value.cause.value is ");
      assertRefused({ "not a name": { 中: value } }, 'value["not a name"].中 is ');
      assertRefused([...Array.from({ length: 500 }, (_, id) => ({ id })), { value }], "value[500].value is ");
    }
  });

  it("is not shareable, and asking never throws or runs a trap", () => {
    for (const [value] of unshareable()) {
      assert.equal(isShareable(value), false);
      assert.equal(isShareable({ items: [value] }), false);
    }
    const throwing = {
      get a(): number {
        return fail();
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const odd = Object.defineProperty({ a: 1 }, "constructor", { get: fail });
    for (const value of [throwing, [throwing], new Map([[throwing, 1]]), proxy, [proxy]])
      assert.equal(isShareable(value), false);
    assert.equal(isShareable(odd), true);
    assert.equal(
      isShareable(Object.defineProperty(new URL("http://a.b/"), "constructor", { get: fail })),
      false,
    );
  });

  it("does not refuse what is only data", () => {
    class Point {
      x = 1;
    }
    const data: object[] = [
      new Point(),
      new (class extends Point {})(),
      Object.create({ inherited: 1 }) as object,
      Object.create(null) as object,
      vm.runInNewContext("({ a: 1 })") as object,
      vm.runInNewContext("class P { x = 1 }; new P()") as object,
      process.env,
      process.versions,
      Object.defineProperty({}, Symbol.toStringTag, { value: "Math" }),
    ];
    for (const value of data) assert.deepEqual(roundTrip(value), structuredClone(value));
  });

  it("is refused when it is a module, or another realm's function", async () => {
    assertRefused(await import("node:os"), "value is a module namespace");
    assertRefused({ f: vm.runInNewContext("(function () {})") as unknown }, "value.f is a function");
  });

  it("is refused when all it has is hidden in the runtime", () => {
    for (const value of [new TextEncoder(), new Headers(), createSecretKey(Buffer.alloc(8))]) {
      assert.throws(() => encoded(value), NotShareableError);
    }
  });

  it("names a long path shortly", () => {
    let value: unknown = Symbol("deep");
    for (let i = 0; i < 400; i++) value = { value };
    assert.throws(
      () => encoded(value),
      (error) => error instanceof NotShareableError && error.message.length < 400,
    );
  });

  it("is refused when it is nested too deeply", () => {
    let value: unknown = [];
    for (let i = 0; i < 200_000; i++) value = i % 2 === 0 ? [value] : { value };
    assertRefused(value, "is nested too deeply");
  });

  it("is not said to need too much memory where the call stack ends", () => {
    const long = ["x".repeat(100_000)];
    const failures = new Set<unknown>();
    // The deepest frame fails, and then each frame above it tries, until there is enough stack.
    const tryAtEachDepth = (): boolean => {
      let enough = false;
      try {
        enough = tryAtEachDepth();
      } catch {
        // The call stack ends here.
      }
      if (enough) return true;
      try {
        encoded(long);
        return true;
      } catch (error) {
        failures.add((error as Error).name);
        return false;
      }
    };
    for (let i = 0; i < 50; i++) tryAtEachDepth();
    assert.deepEqual([...failures], ["RangeError"]);
  });

  it("leaves the scratch as it was", () => {
    const scratch = acquireScratch();
    encode(scratch, ["first"], "value");
    const { end } = scratch;
    scratch.refs.push(1, 2, 3);
    for (const value of [
      [1, "x".repeat(10_000), () => 1],
      Symbol("s"),
      {
        get a() {
          throw new Error("mine");
        },
      },
    ]) {
      assert.throws(() => encode(scratch, value, "value"));
      assert.deepEqual([scratch.end, scratch.refs], [end, [1, 2, 3]]);
    }
    assert.deepEqual(decoded({ bytes: scratch.bytes.subarray(0, end), refs: [] }), ["first"]);
    releaseScratch(scratch);
  });

  it("does not hide what a getter throws", () => {
    const mine = new Error("mine");
    const fail = (): never => {
      throw mine;
    };
    const overflow = (): number => overflow() + 1;
    assert.throws(
      () =>
        encoded([
          {
            get a() {
              return fail();
            },
          },
        ]),
      mine,
    );
    assert.throws(() => encoded(Object.defineProperty([1, 2], 1, { get: fail, enumerable: true })), mine);
    assert.throws(
      () =>
        encoded([
          {
            get a() {
              return overflow();
            },
          },
        ]),
      (error) => error instanceof RangeError,
    );
    assert.deepEqual(roundTrip({ after: 1 }), { after: 1 });
  });
});

describe("a lenient copy", () => {
  it("puts a description in place of what cannot travel", () => {
    const copy = roundTrip<unknown>(
      {
        a: 1,
        f: function named() {},
        s: Symbol("s"),
        w: new WeakSet(),
        list: [1, new WeakMap(), { ok: true }],
      },
      true,
    ) as Record<string, unknown>;
    assert.deepEqual(copy, {
      a: 1,
      f: "[Function: named]",
      s: "Symbol(s)",
      w: "WeakSet { <items unknown> }",
      list: [1, "WeakMap { <items unknown> }", { ok: true }],
    });
  });

  it("says what a getter threw", () => {
    const value = {
      fine: 1,
      get bad(): number {
        throw new TypeError("no");
      },
    };
    assert.deepEqual(roundTrip<unknown>(value, true), { fine: 1, bad: "[Getter threw: TypeError: no]" });
    const array = Object.defineProperty([1, 2], 1, { get: () => value.bad, enumerable: true });
    assert.deepEqual(roundTrip<unknown>(array, true), [1, "[Getter threw: TypeError: no]"]);
  });

  it("keeps identity around what it replaced", () => {
    const shared = { id: 1 };
    const bytes = new Uint8Array(4);
    const value = {
      shared,
      bad: [
        shared,
        { inner: {} },
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error("x");
            },
          },
        ),
      ],
      again: shared,
      bytes,
      same: bytes,
    };
    const copy = roundTrip<Record<string, unknown>>(value, true);
    assert.equal(copy["shared"], copy["again"]);
    assert.equal(copy["bytes"], copy["same"]);
    const { bad } = copy as { bad: unknown[] };
    assert.equal(bad[0], copy["shared"]);
    assert.deepEqual(bad[1], { inner: {} });
    assert.equal(typeof bad[2], "string");
  });

  it("never throws", () => {
    const hostile = new Proxy({}, new Proxy({}, { get: () => fail }));
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const { proxy: revokedFunction, revoke: revokeFunction } = Proxy.revocable(() => 1, {});
    revokeFunction();
    const cyclic = new Error("cyclic");
    cyclic.cause = new Error("other", { cause: cyclic });
    let long = new Error("last");
    for (let i = 0; i < 20_000; i++) long = new Error("next", { cause: long });
    let deep: unknown = {};
    for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? [deep] : { deep };
    const detached = new ArrayBuffer(8);
    const view = new DataView(detached);
    structuredClone(detached, { transfer: [detached] });
    const evil = Object.create(Error.prototype, {
      name: { get: fail },
      message: { get: fail },
      stack: { get: fail, enumerable: true },
      [Symbol.toStringTag]: { get: fail },
      constructor: { get: fail },
      [Symbol.for("nodejs.util.inspect.custom")]: { get: fail },
    }) as unknown;
    const uninspectable = {
      [Symbol.for("nodejs.util.inspect.custom")]: fail,
      get a() {
        throw evil;
      },
    };
    const frozen = Object.freeze(new Error("frozen", { cause: Object.freeze({ f: fail }) }));
    class Nasty extends Error {
      override get message(): string {
        return fail();
      }
      override get stack(): string {
        return fail();
      }
    }
    const values: unknown[] = [
      hostile,
      revoked,
      revokedFunction,
      cyclic,
      long,
      deep,
      detached,
      view,
      evil,
      uninspectable,
      frozen,
      new Nasty(),
      {
        get a() {
          throw hostile;
        },
      },
      {
        get a() {
          throw revoked;
        },
      },
      new Map([[evil, hostile]]),
      new Set([revoked]),
      undefined,
      null,
      0,
      "",
      5n,
      ...unshareable().map(([value]) => value),
    ];
    for (const value of [
      ...values,
      values,
      { values },
      new Error("with", { cause: values }),
      new AggregateError(values),
    ]) {
      assert.doesNotThrow(() => roundTrip(value, true));
    }
  });

  it("is the same as a strict copy where that is possible", () => {
    const value = {
      a: [1, { b: new Date(3) }],
      c: new Map([[1, { d: /x/ }]]),
      e: new Error("e", { cause: [1] }),
    };
    assert.deepEqual(roundTrip(value, true), roundTrip(value));
  });
});
