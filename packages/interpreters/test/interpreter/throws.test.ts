/**
 * Everything that can be thrown, by every way to run code: the exception arrives as what it was, no other error takes its
 * place, and the interpreter lives on.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { create, ExecutionFailed, InterpreterPoolExecutor } from "interpreters";
import { limits, rejection } from "../support/ways.js";

const interp = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
after(async () => {
  await interp.terminate();
  await pool.shutdown();
});

type Props = Error & Record<string, unknown>;

interface Case {
  /** An expression that is thrown, or statements that throw. */
  readonly code: string;
  readonly type: string;
  readonly formatted: RegExp | string;
  /** Checks the copy that arrives. */
  readonly copy: (copy: Props) => void;
}

const isError =
  (type: new (...args: never[]) => Error, message: string) =>
  (copy: Props): void => {
    assert.ok(copy instanceof type, inspect(copy, { customInspect: false }));
    assert.equal(copy.message, message);
  };

const cases: Record<string, Case> = {
  "a string": {
    code: "'text'",
    type: "string",
    formatted: "string: text",
    copy: (c) => assert.equal(c, "text"),
  },
  "an empty string": { code: "''", type: "string", formatted: "string: ", copy: (c) => assert.equal(c, "") },
  undefined: {
    code: "undefined",
    type: "undefined",
    formatted: "undefined: undefined",
    copy: (c) => assert.equal(c, undefined),
  },
  null: { code: "null", type: "object", formatted: "object: null", copy: (c) => assert.equal(c, null) },
  "not a number": {
    code: "NaN",
    type: "number",
    formatted: "number: NaN",
    copy: (c) => assert.ok(Number.isNaN(c)),
  },
  "a bigint": { code: "5n", type: "bigint", formatted: "bigint: 5n", copy: (c) => assert.equal(c, 5n) },
  "a plain object": {
    code: "({ a: 1 })",
    type: "object",
    formatted: "object: { a: 1 }",
    copy: (c) => assert.deepEqual(c, { a: 1 }),
  },
  "a symbol": {
    code: "Symbol('sign')",
    type: "symbol",
    formatted: "symbol: Symbol(sign)",
    copy: (c) => assert.match(String(c), /Symbol\(sign\)/),
  },
  "a function": {
    code: "(function thrower() {})",
    type: "function",
    formatted: /^function: \[Function: thrower\]/,
    copy: (c) => assert.match(String(c), /function/i),
  },
  "a class": {
    code: "(class Thrown {})",
    type: "function",
    formatted: /Thrown/,
    copy: (c) => assert.match(String(c), /class|function/i),
  },
  "a promise": {
    code: "Promise.resolve(1)",
    type: "object",
    formatted: /Promise/,
    copy: (c) => assert.match(String(c), /Promise/),
  },
  "an object with a function": {
    code: "({ run() {} })",
    type: "object",
    formatted: /run/,
    copy: (c) => assert.ok(c !== undefined),
  },
  "an error": {
    code: "new RangeError('far')",
    type: "RangeError",
    formatted: "RangeError: far",
    copy: isError(RangeError, "far"),
  },
  "an error without a message": {
    code: "new Error()",
    type: "Error",
    formatted: "Error",
    copy: isError(Error, ""),
  },
  "a frozen error": {
    code: "Object.freeze(new RangeError('cold'))",
    type: "RangeError",
    formatted: "RangeError: cold",
    copy: isError(RangeError, "cold"),
  },
  "an error without a stack": {
    code: "Object.assign(new TypeError('bare'), { stack: undefined })",
    type: "TypeError",
    formatted: "TypeError: bare",
    copy: isError(TypeError, "bare"),
  },
  "an error whose stack is no string": {
    code: "Object.assign(new TypeError('odd'), { stack: { a: 1 } })",
    type: "TypeError",
    formatted: "TypeError: odd",
    copy: isError(TypeError, "odd"),
  },
  "a user-defined class": {
    code: "class HttpError extends RangeError { constructor(m, status) { super(m); this.status = status } get name() { return 'HttpError' } }; throw new HttpError('gone', 410)",
    type: "HttpError",
    formatted: "HttpError: gone",
    copy: (c) => {
      isError(RangeError, "gone")(c);
      assert.deepEqual([c.name, c["status"]], ["HttpError", 410]);
    },
  },
  "a class that only inherits from Error": {
    code: "function Old(m) { this.message = m } Old.prototype = Object.create(Error.prototype, { constructor: { value: Old } }); throw new Old('style')",
    type: "Old",
    formatted: /style/,
    copy: isError(Error, "style"),
  },
  "properties and a cause": {
    code: "Object.assign(new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }), { code: 'E_X', at: new Date(5), map: new Map([[1, 2]]) })",
    type: "Error",
    formatted: "Error: outer",
    copy: (c) => {
      assert.deepEqual([c["code"], c["at"], c["map"]], ["E_X", new Date(5), new Map([[1, 2]])]);
      assert.ok(c.cause instanceof TypeError);
      assert.equal(c.cause.cause, "root");
    },
  },
  "properties that cannot be shared": {
    code: "Object.assign(new RangeError('has'), { fn() {}, sign: Symbol('s'), weak: new WeakMap(), deep: [{ p: Promise.resolve() }], kept: [1] })",
    type: "RangeError",
    formatted: "RangeError: has",
    copy: (c) => {
      isError(RangeError, "has")(c);
      assert.deepEqual(c["kept"], [1]);
    },
  },
  "causes in a circle": {
    code: "const a = new Error('a'), b = new Error('b', { cause: a }); a.cause = b; throw a",
    type: "Error",
    formatted: "Error: a",
    copy: (c) => assert.equal((c.cause as Error).cause, c),
  },
  "itself as its cause": {
    code: "const e = new Error('own'); e.cause = e; e.errors = [e]; throw e",
    type: "Error",
    formatted: "Error: own",
    copy: (c) => assert.equal(c.cause, c),
  },
  "a thousand causes": {
    code: "let e = new Error('0'); for (let i = 1; i <= 1000; i++) e = new Error(String(i), { cause: e }); throw e",
    type: "Error",
    formatted: "Error: 1000",
    copy: (c) => {
      let depth = 0;
      for (let at: unknown = c; at instanceof Error; at = at.cause) depth++;
      // Deeper causes are only described, because the caller's stack may be smaller.
      assert.ok(depth >= 100, String(depth));
    },
  },
  "an AggregateError": {
    code: "new AggregateError([new TypeError('one'), 'two', new AggregateError([3])], 'all')",
    type: "AggregateError",
    formatted: "AggregateError: all",
    copy: (c) => {
      assert.ok(c instanceof AggregateError);
      const [one, two, three] = c.errors as [unknown, unknown, AggregateError];
      assert.ok(one instanceof TypeError);
      assert.deepEqual([two, three.errors], ["two", [3]]);
    },
  },
  "a DOMException": {
    code: "new DOMException('late', 'TimeoutError')",
    type: "DOMException",
    formatted: /late/,
    copy: (c) => {
      assert.ok(c instanceof DOMException);
      assert.deepEqual([c.name, c.message, c.code], ["TimeoutError", "late", 23]);
    },
  },
  "an error from Node": {
    code: "process.getBuiltinModule('node:fs').readFileSync('/no/such/file')",
    type: "Error",
    formatted: /^Error: ENOENT/,
    copy: (c) => assert.deepEqual([c["code"], c["syscall"], c["path"]], ["ENOENT", "open", "/no/such/file"]),
  },
  "an error with a Node error code": {
    code: "process.chdir(5)",
    type: "TypeError",
    formatted: /TypeError/,
    copy: (c) => assert.match(String(c["code"]), /^ERR_/),
  },
  "a stack overflow": {
    code: "(function f() { f() })()",
    type: "RangeError",
    formatted: /Maximum call stack/,
    copy: (c) => assert.ok(c instanceof RangeError),
  },
  "an error of another realm": {
    code: "process.getBuiltinModule('node:vm').runInNewContext('new RangeError(\"realm\")')",
    type: "RangeError",
    formatted: "RangeError: realm",
    copy: (c) => assert.equal(c.message, "realm"),
  },
  ...Object.fromEntries(
    ["message", "name", "stack", "cause", "constructor", "errors", "detail", "toString"].map(
      (key): [string, Case] => [
        `a getter that throws for ${key}`,
        {
          code: `Object.defineProperty(new RangeError('odd'), '${key}', { enumerable: true, get() { throw new Error('no') } })`,
          type: "RangeError",
          formatted: key === "message" ? /RangeError/ : /odd/,
          copy: (c) => assert.ok(c instanceof RangeError),
        },
      ],
    ),
  ),
  "a revoked proxy": {
    code: "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy",
    type: "object",
    formatted: /object: /,
    copy: (c) => assert.ok(c !== undefined),
  },
  "a proxy of an error": {
    code: "new Proxy(new RangeError('behind'), {})",
    type: "RangeError",
    formatted: /behind/,
    copy: (c) => assert.match(String(c), /behind|Proxy/),
  },
  "a proxy whose traps all throw": {
    code: "const no = () => { throw new Error('no') }; throw new Proxy(new Error('x'), { get: no, has: no, getPrototypeOf: no, ownKeys: no, getOwnPropertyDescriptor: no })",
    type: "object",
    formatted: /./,
    copy: (c) => assert.ok(c !== undefined),
  },
  "a hostile inspector": {
    code: "Object.assign(new RangeError('custom'), { [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 }, toJSON() { throw 2 }, toString() { throw 3 } })",
    type: "RangeError",
    formatted: "RangeError: custom",
    copy: isError(RangeError, "custom"),
  },
  "a thenable": {
    code: "({ then() { throw new Error('no') } })",
    type: "object",
    formatted: /then/,
    copy: (c) => assert.ok(c !== undefined),
  },
  "a null prototype": {
    code: "Object.assign(Object.create(null), { a: 1 })",
    type: "object",
    formatted: /a: 1/,
    copy: (c) => assert.equal(c["a"], 1),
  },
  "a replaced stack format": {
    code: "const before = Error.prepareStackTrace; Error.prepareStackTrace = () => { throw new Error('no') }; const e = new RangeError('formatted'); Error.prepareStackTrace = before; throw e",
    type: "RangeError",
    formatted: "RangeError: formatted",
    copy: isError(RangeError, "formatted"),
  },
};

/** Each returns the error that the caller gets. */
const ways: Record<string, (body: string) => Promise<unknown>> = {
  exec: (body) => rejection(interp.exec(`{ ${body} }`)),
  "exec that awaits": (body) => rejection(interp.exec(`await 0; { ${body} }`)),
  execSync: (body) =>
    Promise.resolve()
      .then(() => interp.execSync(`{ ${body} }`))
      .then(
        () => "nothing",
        (error: unknown) => error,
      ),
  call: (body) => rejection(interp.call(new Function(body) as () => unknown)),
  "call of an async function": (body) =>
    rejection(interp.call((0, eval)(`async () => { await 0; ${body} }`) as () => unknown)),
  callSync: (body) =>
    Promise.resolve()
      .then(() => interp.callSync(new Function(body) as () => unknown))
      .then(
        () => "nothing",
        (error: unknown) => error,
      ),
};

for (const [name, { code, type, formatted, copy }] of Object.entries(cases)) {
  const body = /;/.test(code.replace(/\{[^}]*\}/g, "")) ? code : `throw ${code}`;
  test(`thrown: ${name}`, limits, async () => {
    for (const [way, run] of Object.entries(ways)) {
      const error = await run(body);
      assert.ok(error instanceof ExecutionFailed, `${way}: ${String(error)}`);
      const { excinfo } = error;
      assert.equal(excinfo.type.name, type, way);
      if (typeof formatted === "string") assert.equal(excinfo.formatted, formatted, way);
      else assert.match(excinfo.formatted, formatted, way);
      assert.equal(error.message, excinfo.formatted, way);
      assert.notEqual(excinfo.errdisplay, "", way);
      assert.ok("cause" in error, way);
      copy(error.cause as Props);
      assert.equal(
        interp.callSync(() => "healthy"),
        "healthy",
        way,
      );
    }
    // A task's exception arrives as itself, without an ExecutionFailed.
    const future = pool.submit(new Function(body) as () => unknown);
    copy(await rejection<Props>(future));
    assert.equal(await pool.submit(() => "healthy"), "healthy");
  });
}

test(
  "a getter of the result that throws, and a result that cannot travel, harm nothing",
  limits,
  async () => {
    const unreadable = (): unknown => ({
      get bad(): never {
        throw new RangeError("unreadable");
      },
    });
    const unshareable = (): unknown => ({ deep: [() => 1] });
    for (const fn of [unreadable, unshareable]) {
      for (const error of [await rejection(interp.call(fn)), await rejection(pool.submit(fn))]) {
        assert.match(error.message, /unreadable|result\.deep\[0\] is a function/);
      }
      assert.equal(
        interp.callSync(() => 1),
        1,
      );
    }
  },
);
