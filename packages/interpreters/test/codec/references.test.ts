/** Registered types travel by reference. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode, registerReference } from "../../src/codec/codec.js";
import { registerAllBy, registerOthersBy } from "../../src/codec/references.js";
import { acquireScratch, releaseScratch } from "../../src/codec/scratch.js";
import { InterpreterError } from "../../src/base/errors.js";
import { decoded, encoded, isNeutral } from "./support.js";

const KIND = 250;

class Handle {
  readonly secret = (): void => {};
  readonly a: number;
  readonly b: number;
  constructor(a: number, b: number) {
    this.a = a;
    this.b = b;
  }
}

const calls = { to: 0, from: 0 };
registerReference<Handle>({
  kind: KIND,
  is: (value): value is Handle => value instanceof Handle,
  toReference(handle) {
    calls.to++;
    return [handle.a, handle.b];
  },
  fromReference(a, b) {
    calls.from++;
    if (a < 0) throw new RangeError("no such handle");
    return new Handle(a, b);
  },
});

describe("references", () => {
  it("travel as three numbers, in any language's encoding", () => {
    const { bytes, refs } = encoded([new Handle(7, 8), "x"]);
    assert.deepEqual(refs, [KIND, 7, 8]);
    assert.ok(isNeutral(new Handle(1, 2)) && isNeutral([[new Handle(1, 2)]]));
    const [handle] = decoded({ bytes, refs }) as [Handle];
    assert.ok(handle instanceof Handle);
    assert.deepEqual([handle.a, handle.b], [7, 8]);
  });

  it("are one when the same object is met twice", () => {
    const handles = Array.from({ length: 40 }, (_, i) => new Handle(i, -i));
    Object.assign(calls, { to: 0, from: 0 });
    const value = [...handles, ...handles, { map: new Map([[handles[3], handles[39]]]) }];
    const { bytes, refs } = encoded(value);
    assert.equal(refs.length, 120);
    const copy = decoded({ bytes, refs }) as Handle[];
    assert.deepEqual(calls, { to: 40, from: 40 });
    for (let i = 0; i < 40; i++) assert.ok(copy[i] === copy[i + 40] && copy[i].a === i && copy[i].b === -i);
  });

  it("are counted from where the list was", () => {
    const scratch = acquireScratch();
    scratch.refs.push(9, 9, 9);
    encode(scratch, new Handle(1, 2), "value");
    assert.deepEqual(scratch.refs, [9, 9, 9, KIND, 1, 2]);
    const copy = decoded({
      bytes: scratch.bytes.subarray(0, scratch.end),
      refs: scratch.refs.slice(3),
    }) as Handle;
    assert.equal(copy.a, 1);
    releaseScratch(scratch);
  });

  it("are taken back when the value cannot travel", () => {
    const scratch = acquireScratch();
    assert.throws(() => encode(scratch, [new Handle(1, 2), () => 1], "value"));
    assert.deepEqual([scratch.end, scratch.refs], [0, []]);
    const lenient = encoded({ part: [new Handle(1, 2), Symbol("x")] }, true);
    assert.deepEqual(lenient.refs, [KIND, 1, 2]);
    releaseScratch(scratch);
  });

  it("fail as their type says, or clearly when it is unknown here", () => {
    const { bytes } = encoded(new Handle(1, 2));
    assert.throws(() => decoded({ bytes, refs: [KIND, -1, 0] }), RangeError);
    assert.throws(
      () => decoded({ bytes, refs: [249, 1, 0] }),
      (error) => error instanceof InterpreterError && error.message.includes("kind 249"),
    );
    assert.throws(() => decoded({ bytes, refs: [] }), InterpreterError);
  });

  it("cannot be registered under a wrong or a taken kind", () => {
    const type = {
      is: (value: object): value is Date => value === null,
      toReference: () => [0, 0] as const,
      fromReference: () => null,
    };
    for (const kind of [0, 256, 1.5, KIND])
      assert.throws(() => registerReference({ ...type, kind }), InterpreterError);
  });

  it("are looked for in what is loaded when one of an unknown kind arrives, also after loading has failed", () => {
    const { bytes } = encoded(new Handle(1, 2));
    const reference = { bytes, refs: [248, 3, 4] };
    const failure = new Error("interrupted");
    let attempts = 0;
    registerOthersBy(() =>
      registerAllBy(() => {
        registerReference<Handle>({
          kind: 248,
          is: (value): value is Handle => value === null,
          toReference: () => [0, 0],
          fromReference: (a, b) => new Handle(a, b),
        });
        if (++attempts === 1) throw failure;
      }),
    );
    assert.throws(
      () => decoded(reference),
      (error) => error === failure,
    );
    const { a, b } = decoded(reference) as Handle;
    assert.deepEqual([a, b, attempts], [3, 4, 2]);
    decoded(reference);
    assert.equal(attempts, 2);
  });
});
