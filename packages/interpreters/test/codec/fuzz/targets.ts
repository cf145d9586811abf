/** The fuzzer's targets, and the inputs that it starts from. */
import assert from "node:assert/strict";
import { getHeapStatistics } from "node:v8";
import * as fc from "fast-check";
import { InterpreterError } from "../../../src/base/errors.js";
import { errors, everything } from "../arbitraries.js";
import { assertSameGraph } from "../support.js";
import type { Target } from "./fuzzer.js";
import { instrumented } from "./instrument.js";

const codec = await instrumented<typeof import("../../../src/codec/codec.js")>(
  new URL("../../../src/codec/codec.js", import.meta.url),
);
const { Scratch } = await instrumented<typeof import("../../../src/codec/scratch.js")>(
  new URL("../../../src/codec/scratch.js", import.meta.url),
);

/** Bytes. Longer inputs take longer, and no branch needs them. */
export const MAX_LENGTH = 1024;

class Handle {
  readonly a: number;
  readonly b: number;
  constructor(a: number, b: number) {
    this.a = a;
    this.b = b;
  }
}
const KIND_OF_HANDLE = 1;
const KIND_OF_SYMBOL = 2;
const KIND_UNKNOWN = 3;
const SYMBOL = Symbol.for("interpreters fuzz");
codec.registerReference<Handle>({
  kind: KIND_OF_HANDLE,
  is: (value): value is Handle => value instanceof Handle,
  toReference: ({ a, b }) => [a, b],
  fromReference: (a, b) => new Handle(a, b),
});
codec.registerSymbol(KIND_OF_SYMBOL, SYMBOL);
/** The references that come with any bytes: one of each kind. */
const REFS = [KIND_OF_HANDLE, 4, 5, KIND_OF_SYMBOL, 0, 0, KIND_UNKNOWN, 0, 0];

interface Encoded {
  readonly bytes: Buffer;
  readonly refs: readonly number[];
}

const scratch = new Scratch();

function encoded(value: unknown): Encoded {
  scratch.reset();
  codec.encode(scratch, value, "value");
  return { bytes: Buffer.from(scratch.bytes.subarray(0, scratch.end)), refs: [...scratch.refs] };
}

/** Decodes bytes that lie between others, which must not be read. */
function decoded({ bytes, refs }: Encoded, around: number): unknown {
  const padded = Buffer.alloc(bytes.length + 64, around);
  bytes.copy(padded, 32);
  return codec.decode(padded, 32, 32 + bytes.length, refs);
}

/**
 * How much decoding may allocate: for each byte that it reads, and in addition. An array of 1000 holes has the worst ratio:
 * it is encoded in 4 bytes, and V8 allocates room for every element up to 1024 holes in a row.
 */
const BYTES_FOR_EACH_BYTE = 8192;
const BYTES_ALWAYS = 1 << 22;

function memoryInUse(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/**
 * Any bytes: decoding them returns a value or throws the error for damaged bytes, and allocates within limits; a copy of the
 * value equals it, except for parts that the encoder never writes.
 */
const bytes: Target = (input) => {
  const before = memoryInUse();
  const [one, other] = [0x00, 0xff].map((around) => outcome(input, around));
  const allocated = (memoryInUse() - before) / 2;
  const limit = BYTES_ALWAYS + input.length * BYTES_FOR_EACH_BYTE;
  assert.ok(allocated <= limit, `decoding ${input.length} bytes allocated ${allocated} bytes`);
  if ("error" in one || "error" in other) {
    assert.deepEqual(one, other);
    return;
  }
  assertSameGraph(one.value, other.value);
  assertSameGraph(decoded(encoded(one.value), 0x55), one.value);
};

function outcome(input: Buffer, around: number): { value: unknown } | { error: string } {
  try {
    return { value: decoded({ bytes: input, refs: REFS }, around) };
  } catch (error) {
    // Any other error is a finding.
    if (!(error instanceof InterpreterError) || error.code !== "ERR_MALFORMED_VALUE") throw error;
    return { error: error.message };
  }
}

/**
 * Values that the input describes: a copy equals what structuredClone makes, and the copy of an error equals its own copy.
 * The input replaces the random numbers from which fast-check generates values, so that mutating some bytes changes a part
 * of the value: a parametric generator (Padhye et al., Semantic Fuzzing with Zest, ISSTA 2019).
 */
const values: Target = (input) => {
  const random = new fc.Random(new BytesAsNumbers(input));
  const wantsErrors = random.nextInt(0, 3) === 0;
  const { value } = (wantsErrors ? errors : everything).generate(random, 3) as fc.Value<unknown>;
  const copy = decoded(encoded(value), 0xee);
  if (wantsErrors) assertSameGraph(decoded(encoded(copy), 0xdd), copy);
  else assertSameGraph(copy, structuredClone(value));
};

/** A generator of random numbers for fast-check. */
class BytesAsNumbers {
  readonly #bytes: Buffer;
  #position: number;

  constructor(input: Buffer, position = 0) {
    this.#bytes = input;
    this.#position = position;
  }

  next(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) value = (value << 8) | (this.#bytes[this.#position++] ?? 0x80 >> (i * 8));
    return value;
  }

  clone(): BytesAsNumbers {
    return new BytesAsNumbers(this.#bytes, this.#position);
  }

  getState(): readonly number[] {
    return [this.#position];
  }
}

/** Replaces the stack, which is long and differs between machines. */
function withStack<T extends Error>(error: T): T {
  return Object.defineProperty(error, "stack", {
    value: `${error.name}: ${error.message}\n    at sample.js:1:2`,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/** Values whose encodings have every tag. */
function samples(): unknown[] {
  const shared = { a: 1, b: "text", c: [null, true, false, undefined] };
  const buffer = new ArrayBuffer(32);
  const growing = new ArrayBuffer(16, { maxByteLength: 64 });
  const sparse: unknown[] = [];
  sparse[100_000] = 1;
  const cause = withStack(new RangeError("cause"));
  return [
    [0, 127, 128, -1, 2 ** 31, 2 ** 40, 0.5, -0, NaN, 2n ** 63n - 1n, -(2n ** 100n)],
    ["", "short", "x".repeat(100), "wide \u{1f600} \ud800"],
    [
      shared,
      shared,
      { ...shared, c: 2 },
      Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`k${i}`, i])),
    ],
    [Object.assign([1, 2], { extra: 3 }), Object.assign([], { 0: 1, 2: 3 }), sparse],
    [
      new Date(0),
      /a+(?<b>c)/giu,
      new Map<unknown, unknown>([
        [1, shared],
        [shared, 2],
      ]),
      new Set([1, shared]),
    ],
    [Object(1), Object("text"), Object(true), Object(1n)],
    [
      withStack(new TypeError("message", { cause })),
      withStack(new AggregateError([cause, 1], "several")),
      withStack(new DOMException("no", "AbortError")),
    ],
    [buffer, new Uint8Array(buffer), new Int16Array(buffer, 4, 2), new DataView(buffer, 1)],
    [new Uint8Array(8), new Float64Array(2), new Int16Array(new ArrayBuffer(8), 2, 1)],
    [growing, new Uint16Array(growing), new Uint8Array(growing, 0, 4)],
    [new Handle(1, 2), SYMBOL],
    { ["__proto__x"]: 1, toString: 2 },
  ];
}

export interface Fuzzed {
  readonly target: Target;
  readonly seeds: Buffer[];
  readonly dictionary: Buffer[];
}

export function fuzzed(): Record<"bytes" | "values", Fuzzed> {
  const numbers = [0x7f, 0x80, 0xff].map((byte) => Buffer.from([byte]));
  const varints = [
    [0x80, 0x01],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ].map((varint) => Buffer.from(varint));
  const tags = Array.from({ length: 0x24 }, (_, tag) => Buffer.from([tag]));
  const texts = ["__proto__", "length", "stack", "message", "cause"].map((text) => encoded(text).bytes);
  return {
    bytes: {
      target: bytes,
      seeds: samples().map((value) => encoded(value).bytes),
      dictionary: [...tags, ...numbers, ...varints, ...texts],
    },
    values: {
      target: values,
      seeds: Array.from({ length: 24 }, (_, i) =>
        Buffer.from(Array.from({ length: 256 }, (__, k) => Math.imul(i + 1, k * k + 7919) >>> 3)),
      ),
      dictionary: numbers,
    },
  };
}
