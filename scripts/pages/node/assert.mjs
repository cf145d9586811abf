/** `node:assert/strict` for pages, as far as the tests use it. */

export class AssertionError extends Error {
  name = "AssertionError";
  code = "ERR_ASSERTION";

  constructor({ message, actual, expected }) {
    super(message);
    this.actual = actual;
    this.expected = expected;
  }
}

function text(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function" || typeof value === "symbol") return String(value);
  try {
    const shown = JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each));
    return shown ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function failWith(message, standard, actual, expected) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ message: message ?? standard, actual, expected });
}

const keysOf = (value) =>
  Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));

const bytesOf = (value) =>
  ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);

const isBuffer = (value) =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

const BOXES = [Number, String, Boolean, BigInt, Symbol, Date];

/** Whether what the objects have beside their properties is the same. */
function sameInside(a, b, same) {
  if (Array.isArray(a)) return a.length === b.length;
  if (a instanceof RegExp) return String(a) === String(b) && a.lastIndex === b.lastIndex;
  if (a instanceof Error) {
    return a.name === b.name && a.message === b.message && same(a.cause, b.cause) && same(a.errors, b.errors);
  }
  if (isBuffer(a)) {
    const [left, right] = [bytesOf(a), bytesOf(b)];
    return left.length === right.length && left.every((byte, at) => byte === right[at]);
  }
  if (a instanceof Map || a instanceof Set) {
    if (a.size !== b.size) return false;
    const rest = [...b];
    return [...a].every((entry) => {
      const at = rest.findIndex((other) => same(entry, other));
      return at !== -1 && rest.splice(at, 1).length === 1;
    });
  }
  const Box = BOXES.find((each) => a instanceof each);
  return Box === undefined || Object.is(a.valueOf(), b.valueOf());
}

export function isDeepStrictEqual(one, other) {
  const compared = new Map();
  const same = (a, b) => {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (compared.get(a) === b) return true;
    compared.set(a, b);
    if (!sameInside(a, b, same)) return false;
    if (isBuffer(a)) return true;
    const [left, right] = [keysOf(a), keysOf(b)];
    return left.length === right.length && left.every((key) => right.includes(key) && same(a[key], b[key]));
  };
  return same(one, other);
}

function checkError(error, expected, message) {
  if (expected === undefined) return;
  const wrong = () => failWith(message, `another error than expected: ${text(error)}`, error, expected);
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) wrong();
  } else if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected)) wrong();
    if (Reflect.apply(expected, {}, [error]) !== true) wrong();
  } else {
    const keys = Object.keys(expected);
    if (expected instanceof Error) keys.push("name", "message");
    for (const key of keys) {
      const [found, wanted] = [error?.[key], expected[key]];
      const fits =
        wanted instanceof RegExp && typeof found === "string"
          ? wanted.test(found)
          : isDeepStrictEqual(found, wanted);
      if (!fits) failWith(message, `${key}: expected ${text(wanted)}, found ${text(found)}`, found, wanted);
    }
  }
}

/** An expectation may be left out where there is a message. */
const given = (expected, message) =>
  typeof expected === "string" ? [undefined, expected] : [expected, message];

function ok(value, message) {
  if (!value) failWith(message, `expected something true, found ${text(value)}`, value, true);
}

const methods = {
  AssertionError,
  ok,
  equal(actual, expected, message) {
    if (!Object.is(actual, expected))
      failWith(message, `expected ${text(expected)}, found ${text(actual)}`, actual, expected);
  },
  notEqual(actual, expected, message) {
    if (Object.is(actual, expected)) failWith(message, `found ${text(actual)}`, actual, expected);
  },
  deepEqual(actual, expected, message) {
    if (!isDeepStrictEqual(actual, expected))
      failWith(message, `expected ${text(expected)}, found ${text(actual)}`, actual, expected);
  },
  match(value, pattern, message) {
    if (typeof value !== "string" || !pattern.test(value))
      failWith(message, `${text(value)} does not match ${pattern}`, value, pattern);
  },
  doesNotMatch(value, pattern, message) {
    if (pattern.test(value)) failWith(message, `${text(value)} matches ${pattern}`, value, pattern);
  },
  fail(message = "failed") {
    failWith(message);
  },
  throws(run, ...rest) {
    const [expected, message] = given(...rest);
    try {
      run();
    } catch (error) {
      checkError(error, expected, message);
      return;
    }
    failWith(message, "it did not throw");
  },
  doesNotThrow(run) {
    run();
  },
  async rejects(promise, ...rest) {
    const [expected, message] = given(...rest);
    try {
      await (typeof promise === "function" ? promise() : promise);
    } catch (error) {
      checkError(error, expected, message);
      return;
    }
    failWith(message, "it did not reject");
  },
};
methods.strictEqual = methods.equal;
methods.deepStrictEqual = methods.deepEqual;

const assert = Object.assign((value, message) => ok(value, message), methods);
assert.strict = assert;

export { assert as strict };
export default assert;
