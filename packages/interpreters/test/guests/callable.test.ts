/** Describing functions for other interpreters: every syntax, every refusal, `fromModule`. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { describe as group, test } from "node:test";
import { NotShareableError } from "../../src/base/errors.js";
import { describe, fromModule, type Callable } from "../../src/guests/javascript/callable.js";

type Any = (...args: never[]) => unknown;

/** Evaluates the description in a way that the package does not use, to see that it stands on its own. */
function revive(fn: unknown): (...args: unknown[]) => unknown {
  const callable = describe(fn);
  assert.equal(callable.kind, "function");
  const { source } = callable as Callable & { kind: "function" };
  return (0, eval)(`"use strict";(\n${source}\n)`) as (...args: unknown[]) => unknown;
}

function freeOf(fn: unknown): readonly string[] {
  const callable = describe(fn);
  assert.equal(callable.kind, "function");
  return (callable as Callable & { kind: "function" }).free;
}

function refusal(fn: unknown): string {
  let message = "";
  assert.throws(
    () => describe(fn),
    (error: unknown) => {
      assert.ok(error instanceof NotShareableError, `a ${String(error)}`);
      message = error.message;
      return true;
    },
  );
  return message;
}

/** Functions as written in plain JavaScript, unaffected by the compilation of the tests. */
const js = <T = Any>(source: string): T => (0, eval)(`"use strict";(${source})`) as T;

group("every syntax of a function travels", () => {
  const cases: [title: string, fn: unknown, args: unknown[], expected: unknown][] = [
    ["an arrow", js("(a, b) => a + b"), [1, 2], 3],
    ["an arrow with one bare parameter", js("a => ({ a })"), [1], { a: 1 }],
    ["a function expression", js("function (a) { return a + 1; }"), [1], 2],
    [
      "a named function that calls itself",
      js("function f(n) { return n < 2 ? 1 : n * f(n - 1); }"),
      [5],
      120,
    ],
    ["a method", js<{ m: Any }>("{ m(a) { return a + 1; } }").m, [1], 2],
    ["a static method", js<{ m: Any }>("class { static m(a) { return a + 1; } }").m, [1], 2],
    [
      "a method of a class",
      js<{ prototype: { m: Any } }>("class { m(a) { return a; } }").prototype.m,
      [1],
      1,
    ],
    ["a computed method", js<{ ab: Any }>("{ ['a' + ('b')](a) { return a; } }").ab, [4], 4],
    [
      "a computed method with brackets in a comment",
      js<{ ab: Any }>("{ [/* ] [ */ 'ab' /* ] */](a) { return a; } }").ab,
      [4],
      4,
    ],
    [
      "a method with a symbol as its key",
      js<Record<symbol, Any>>("{ [Symbol.iterator]() { return 7; } }")[Symbol.iterator],
      [],
      7,
    ],
    ["a method with a string as its name", js<{ "a b": Any }>("{ 'a b'(a) { return a; } }")["a b"], [5], 5],
    [
      "a method with a quote in its name",
      js<Record<string, Any>>("{ '\"\\\\'(a) { return a; } }")['"\\'],
      [5],
      5,
    ],
    ["a method with a number as its name", js<Record<number, Any>>("{ 0x10(a) { return a; } }")[16], [6], 6],
    ["a method named function", js<{ function: Any }>("{ function(a) { return a; } }").function, [1], 1],
    ["a method named async", js<{ async: Any }>("{ async(a) { return a; } }").async, [1], 1],
    ["a method named class", js<{ class: Any }>("{ class(a) { return a; } }").class, [1], 1],
    ["a method named get", js<{ get: Any }>("{ get() { return 1; } }").get, [], 1],
    ["a method named __proto__", js<{ __proto__: Any }>("{ __proto__() { return 1; } }").__proto__, [], 1],
    ["a getter", Object.getOwnPropertyDescriptor(js("{ get g() { return 7; } }"), "g")?.get, [], 7],
    [
      "a setter",
      Object.getOwnPropertyDescriptor(js("{ set g(v) { v.seen = true; } }"), "g")?.set,
      [{}],
      undefined,
    ],
    ["default parameters", js("(a = 1, b = a + 1) => a + b"), [], 3],
    ["rest parameters", js("(a, ...rest) => rest.length"), [1, 2, 3], 2],
    [
      "destructured parameters",
      js("({ a, b: [c] = [2], ...d }, [e = 5]) => [a, c, d, e]"),
      [{ a: 1, z: 0 }, []],
      [1, 2, { z: 0 }, 5],
    ],
    ["names in Unicode", js("(größe, \\u0061b) => größe + ab"), [1, 2], 3],
    ["arguments of its own", js("function () { return arguments.length; }"), [1, 2], 2],
    ["new.target of its own", js("function () { return new.target; }"), [], undefined],
    ["this, which is undefined", js("function () { return this; }"), [], undefined],
    [
      "a class within",
      js(
        "() => { class A { x = 1; m() { return this.x; } } return new (class extends A { m() { return super.m() + 1; } })().m(); }",
      ),
      [],
      2,
    ],
    [
      "labels, keys and members that are no variables",
      js("(o) => { a: for (;;) break a; return { b: o.c }.b; }"),
      [{ c: 3 }],
      3,
    ],
    ["a function made from text", new Function("a", "b", "return a + b"), [1, 2], 3],
    ["a comment at the end", js("(a) => a // not the end )" + "\n"), [1], 1],
    ["direct eval", js("(a) => eval('a + 1')"), [1], 2],
  ];
  for (const [title, fn, args, expected] of cases) {
    test(title, () => assert.deepEqual(revive(fn)(...args), expected));
  }

  test("async forms stay async", async () => {
    for (const fn of [
      js("async (a) => await a"),
      js("async a => a"),
      js("async function (a) { return a; }"),
      js<{ m: Any }>("{ async m(a) { return a; } }").m,
      js<{ async: Any }>("{ async async(a) { return a; } }").async,
      js<{ xy: Any }>("{ async ['x' + 'y'](a) { return a; } }").xy,
    ]) {
      const result = revive(fn)(1);
      assert.ok(result instanceof Promise);
      assert.equal(await result, 1);
    }
  });

  test("an arrow that calls itself by the variable it was given to", () => {
    const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    assert.deepEqual(freeOf(fib), []);
    assert.equal(revive(fib)(10), 55);
  });

  test("a property named like a global means the global", () => {
    assert.deepEqual(freeOf(js<{ fetch: Any }>("{ fetch: (u) => fetch(u) }").fetch), ["fetch"]);
  });

  test("a method does not mean itself by its name", () => {
    assert.deepEqual(freeOf(js<{ fact: Any }>("{ fact(n) { return fact(n - 1); } }").fact), ["fact"]);
  });

  test("what esbuild adds to keep names is provided", () => {
    const fn = js("() => { const f = __name(() => 1, 'f'); return f.name; }");
    assert.deepEqual(freeOf(fn), []);
    assert.equal(revive(fn)(), "f");
  });
});

group("free names", () => {
  const cases: [source: string, free: string[]][] = [
    ["() => captured", ["captured"]],
    ["() => { captured++; captured = other; }", ["captured", "other"]],
    ["(a, b = outer) => a + b", ["outer"]],
    ["() => typeof maybe", []],
    ["() => typeof maybe === 'function' && maybe()", ["maybe"]],
    ["() => Math.max(1, JSON.stringify({}))", ["Math", "JSON"]],
    ["() => { const { a, b: c } = input; return (d) => a + c + d + e; }", ["input", "e"]],
    ["() => { try { f(); } catch (g) { return g; } }", ["f"]],
    ["() => { { var hoisted = 1; } return hoisted; }", []],
    ["() => ({ [key]: 1, shorthand })", ["key", "shorthand"]],
    ["() => `${inside} ${tag`x`}`", ["inside", "tag"]],
    ["() => class extends Base { static [key] = value; }", ["Base", "key", "value"]],
    ["(a) => { eval(''); return a; }", ["eval"]],
    ["() => { const local = 1; return eval('local') + local; }", ["eval"]],
    ["async () => { for await (const x of source) await x; }", ["source"]],
  ];
  for (const [source, free] of cases) {
    test(`of ${source}`, () => assert.deepEqual([...freeOf(js(source))].sort(), [...free].sort()));
  }
});

group("what cannot travel is refused, with the reason", () => {
  const cases: [title: string, fn: unknown, message: RegExp][] = [
    ["a bound function", ((): number => 1).bind(null), /bound function/],
    ["a Proxy", new Proxy(() => 1, {}), /is a Proxy/],
    ["native code without a name", [].slice, /"slice" .*native code/],
    ["a native closure", Proxy.revocable({}, {}).revoke, /native code/],
    ["a class", js("class Point {}"), /"Point" .*class/],
    ["a class of Node", URL, /"URL" .*class/],
    [
      "this of an arrow",
      js<() => Any>("function () { return () => this.x; }").call({ x: 1 } as never),
      /`this`/,
    ],
    [
      "this of an arrow within an arrow",
      js<() => Any>("function () { return () => () => this; }")(),
      /`this`/,
    ],
    ["arguments of an arrow", js<() => Any>("function () { return () => arguments; }")(), /`arguments`/],
    ["new.target of an arrow", js<() => Any>("function () { return () => new.target; }")(), /`new\.target`/],
    ["super of a method", js<{ m: Any }>("{ m() { return super.toString(); } }").m, /`super`/],
    ["super of an arrow", js<{ m(): Any }>("{ m() { return () => super.x; } }").m(), /`super`/],
    [
      "a private member",
      js<{ prototype: { m: Any } }>("class { #p; m() { return this.#p; } }").prototype.m,
      /#p.*fromModule/,
    ],
    ["sloppy code", new Function("with ({}) {}"), /strict code/],
    ["import.meta", (): string => import.meta.url, /`import\.meta`.*fromModule/],
  ];
  for (const [title, fn, message] of cases) {
    test(title, () => assert.match(refusal(fn), message));
  }

  test("what is no function is a TypeError that says what it is", () => {
    for (const [value, found] of [
      [undefined, /undefined/],
      [null, /null/],
      [1, /number/],
      [{}, /an object/],
    ] as const) {
      assert.throws(
        () => describe(value),
        (error: unknown) => {
          assert.ok(error instanceof TypeError && !(error instanceof NotShareableError));
          assert.match(error.message, found);
          return true;
        },
      );
    }
    assert.throws(() => describe(fromModule("/a.js")), /whole module/);
  });

  test("no user code runs while a function is looked at", () => {
    const boom = (): never => assert.fail("user code ran");
    const fn = Object.defineProperties(() => 1, { name: { get: boom }, toString: { get: boom } });
    assert.equal(describe(fn).kind, "function");
    refusal(
      new Proxy(() => 1, { get: boom, getOwnPropertyDescriptor: boom, getPrototypeOf: boom, has: boom }),
    );
  });
});

group("builtins go by their name", () => {
  for (const [path, fn] of Object.entries<unknown>({
    "Math.hypot": Math.hypot,
    "JSON.parse": JSON.parse,
    parseFloat: Number.parseFloat,
    "Array.from": Array.from,
    "Intl.DateTimeFormat.supportedLocalesOf": Intl.DateTimeFormat.supportedLocalesOf,
    structuredClone,
    setTimeout,
    fetch,
    queueMicrotask,
    "console.log": console.log,
    "Buffer.from": Buffer.from,
    "process.cwd": process.cwd,
    "process.hrtime.bigint": process.hrtime.bigint,
    "performance.now": performance.now,
    "crypto.randomUUID": crypto.randomUUID,
  })) {
    test(path, () => assert.deepEqual(describe(fn), { kind: "builtin", path }));
  }

  test("a user's global is none", () => {
    const globals = globalThis as Record<string, unknown>;
    globals["helper"] = (): number => captured;
    const captured = 1;
    assert.equal(describe(globals["helper"]).kind, "function");
    delete globals["helper"];
  });

  test("a mock put in the place of a builtin is not taken for it", () => {
    const before = globalThis.fetch;
    const calls: unknown[] = [];
    const mock = ((url: unknown) => calls.push(url)) as unknown as typeof fetch;
    try {
      globalThis.fetch = mock;
      assert.deepEqual(freeOf(mock), ["calls"]);
    } finally {
      globalThis.fetch = before;
    }
  });
});

group("descriptions are shared", () => {
  test("by the function", () => {
    const fn = (): number => 1;
    assert.equal(describe(fn), describe(fn));
  });

  test("by functions of the same source", () => {
    const make = (): (() => number) => () => 1;
    assert.notEqual(make(), make());
    assert.equal(describe(make()), describe(make()));
  });
});

group("fromModule", () => {
  interface Module {
    resize(n: number): number;
    default(): void;
  }

  test("gives functions that describe a module's exports, the same ones every time", () => {
    const { resize, default: main } = fromModule<Module>(new URL("file:///a/b.js"));
    assert.deepEqual(describe(resize), { kind: "module", url: "file:///a/b.js", export: "resize" });
    assert.deepEqual(describe(main), { kind: "module", url: "file:///a/b.js", export: "default" });
    assert.equal(resize, fromModule<Module>("file:///a/b.js").resize);
    assert.equal(resize.name, "resize");
  });

  test("takes absolute paths, data: and node: URLs and names of builtin modules", () => {
    const urlOf = (url: string): unknown =>
      (describe(fromModule<Record<string, Any>>(url)["f"]) as { url: string }).url;
    assert.equal(urlOf(import.meta.filename), pathToFileURL(import.meta.filename).href);
    assert.equal(urlOf("/a b/#.js"), pathToFileURL("/a b/#.js").href);
    assert.equal(
      urlOf("data:text/javascript,export function f(){}"),
      "data:text/javascript,export function f(){}",
    );
    assert.equal(urlOf("node:fs"), "node:fs");
    assert.equal(urlOf("fs/promises"), "node:fs/promises");
  });

  test("refuses anything else at once, and says what to pass", () => {
    for (const url of [
      "./a.js",
      "../a.js",
      "lodash",
      "",
      "https://example.com/a.js",
      "node:nope",
      1,
      null,
      undefined,
      {},
    ]) {
      assert.throws(() => fromModule(url as string), TypeError, String(url));
    }
    assert.throws(() => fromModule("./a.js"), /new URL\(.*import\.meta\.url/);
  });

  test("its functions cannot be called here, nor the module changed", () => {
    const module = fromModule<Module>("/a/b.js");
    assert.throws(() => module.resize(1), /resize\(\) of file:.*call\(\) or submit\(\)/);
    assert.throws(() => {
      // @ts-expect-error: it is read-only for the compiler, too
      module.resize = () => 1;
    }, /read-only/);
  });

  test("is no thenable, and can be inspected", async () => {
    const module = fromModule<Module & PromiseLike<never>>("/a/b.js");
    assert.equal(await (Promise.resolve(module) as Promise<unknown>), module);
    assert.equal(module.then, undefined);
    assert.equal((module as unknown as Record<symbol, unknown>)[Symbol.iterator], undefined);
    assert.equal(typeof `${Object.keys(module).length}`, "string");
  });
});
