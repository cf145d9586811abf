/** The edges of what passes between the languages, and what bad input gets: CPython's own exceptions, with its texts. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createQueue, NotShareableError, Queue, UNBOUND } from "interpreters";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
});

const queue = createQueue<unknown>();

/** What JavaScript sends, and what Python shows of it. */
const TO_PYTHON: readonly (readonly [unknown, string])[] = [
  [null, "None"],
  [true, "True"],
  [1, "1"],
  [-0, "-0.0"],
  [2 ** 31, "2147483648"],
  [-(2 ** 31) - 1, "-2147483649"],
  [2 ** 53 - 1, "9007199254740991"],
  [2 ** 53, "9007199254740992.0"],
  [NaN, "nan"],
  [-Infinity, "-inf"],
  [5e-324, "5e-324"],
  [5n, "5"],
  [2n ** 63n - 1n, "9223372036854775807"],
  [-(2n ** 63n), "-9223372036854775808"],
  ["\ud800", "'\\ud800'"],
  ["\u{1F600}\0", "'\u{1F600}\\x00'"],
  [Buffer.from("ab"), "b'ab'"],
  [new Uint8Array(0), "b''"],
  [[1, [2, [null, []]]], "(1, (2, (None, ())))"],
  [[queue, [queue]], `(Queue(${queue.id}), (Queue(${queue.id}),))`],
  [UNBOUND, "concurrent.interpreters._queues.UNBOUND"],
];

test("values of JavaScript reach Python as they are, or not at all", () => {
  python.globals.set("queue_id", queue.id);
  python.run("from concurrent import interpreters\nqueue = interpreters.Queue(queue_id)");
  python.run("def got(): return repr(queue.get_nowait())");
  for (const [value, shown] of TO_PYTHON) {
    queue.putNowait(value);
    assert.equal(python.call("got"), shown);
    assert.equal(python.call("repr", value), shown);
  }
  const others = [undefined, 2n ** 63n, -(2n ** 63n) - 1n, {}, [{}], [undefined], new Map(), new Date(0)];
  for (const value of others) {
    queue.putNowait(value);
    assert.throws(
      () => python.call("got"),
      /NotShareableError: the item of queue \d+ is a value that only another/,
    );
    assert.throws(() => python.call("repr", value), NotShareableError);
    assert.equal(queue.qsize(), 0);
  }
});

/** What Python sends, and what JavaScript gets. */
const TO_JAVASCRIPT: readonly (readonly [string, unknown])[] = [
  ["None", null],
  ["True", true],
  ["-0.0", -0],
  ["2**53 - 1", 2 ** 53 - 1],
  ["2**53", 2n ** 53n],
  ["-2**53 - 1", -(2n ** 53n) - 1n],
  ["2**63 - 1", 2n ** 63n - 1n],
  ["-2**63", -(2n ** 63n)],
  ["float('nan')", NaN],
  ["1e308", 1e308],
  ["'\\ud800'", "\ud800"],
  ["'\\ud83d\\ude00'", "\u{1F600}"],
  ["'\u20ac' * 10**6", "\u20ac".repeat(1e6)],
  ["b'ab'", Uint8Array.of(97, 98)],
  ["(1, (2, (None, ())))", [1, [2, [null, []]]]],
  ["(None,) * 100_000", Array<null>(100_000).fill(null)],
];

test("values of Python reach JavaScript as they are, or not at all", () => {
  python.run("def put(text): queue.put(eval(text))");
  for (const [text, value] of TO_JAVASCRIPT) {
    python.call("put", text);
    assert.deepEqual(queue.getNowait(), value, text);
    assert.deepEqual(python.call("eval", text), value, text);
  }
  python.call("put", "(queue, (queue,))");
  const [first, [second]] = queue.getNowait() as [unknown, [unknown]];
  assert.ok(first === queue && second === queue && first instanceof Queue);
  for (const text of [
    "2**63",
    "-2**63 - 1",
    "[1]",
    "(1, [2])",
    "{}",
    "bytearray(b'a')",
    "memoryview(b'a')",
    "len",
  ]) {
    python.call("put", text);
    assert.throws(() => queue.getNowait(), NotShareableError, text);
    assert.throws(() => python.call("eval", text), NotShareableError, text);
    assert.equal(queue.qsize(), 0);
  }
});

test("bad input gets CPython's exceptions, with their texts", () => {
  python.run(`
import _interpreters as L, _interpqueues as Q
from concurrent import interpreters as I
interp, queue = I.create(), I.create_queue()
class Unpicklable:
    def __repr__(self): return "REPR"
    def __str__(self): return "STR"
    def __reduce__(self): raise RuntimeError("no")
item = Unpicklable()
cases = [
    (L.exec, (999, "pass"), I.InterpreterNotFoundError, "unrecognized interpreter ID 999"),
    (L.exec, (-1, "pass"), ValueError, "interpreter ID must be a non-negative int, got -1"),
    (L.exec, ("1", "pass"), TypeError, "interpreter ID must be an int, got str"),
    (L.exec, (2**63, "pass"), OverflowError, "int too big to convert"),
    (L.exec, (interp.id, "pass", {1: 2}), TypeError, "expected str, got int"),
    (L.exec, (interp.id, "pass", {"a": []}), I.NotShareableError, "[] does not support cross-interpreter data"),
    (L.exec, (interp.id, "pass", {"a": 2**63}), OverflowError, "try sending as bytes"),
    (L.exec, (interp.id, lambda: 1), ValueError, "return values not supported"),
    (L.exec, (interp.id, lambda a: None), ValueError, "arguments not supported"),
    (L.set___main___attrs, (interp.id, {}), ValueError, "arg 2 must be a non-empty mapping"),
    (L.create, ("nope",), ValueError, "unsupported config name 'nope'"),
    (L.destroy, (L.get_current()[0],), I.InterpreterError, "cannot destroy the current interpreter"),
    (I.get_main().exec, ("pass",), I.InterpreterError, "cannot exec code for unrecognized interpreter 0"),
    (I.Interpreter, (999,), I.InterpreterNotFoundError, "unrecognized interpreter ID 999"),
    (I.Interpreter, ("x",), TypeError, "id must be an int, got 'x'"),
    (I.Queue, (999,), Q.QueueNotFoundError, "queue 999 not found"),
    (Q.put, (999, 1), Q.QueueNotFoundError, "queue 999 not found"),
    (Q.put, (queue.id, item), I.NotShareableError, "STR does not support cross-interpreter data"),
    (Q.put, (queue.id, 1, 7), ValueError, "unsupported unboundop 7"),
    (Q.put, (queue.id, 1, "x"), TypeError, "'str' object cannot be interpreted as an integer"),
    (Q.get, (queue.id,), I.QueueEmpty, f"queue {queue.id} is empty"),
    (Q.create, (2**31,), OverflowError, "Python int too large to convert to C ssize_t"),
    (Q.create, (0, "x"), TypeError, "'str' object cannot be interpreted as an integer"),
    (interp.call, (print, item), I.NotShareableError, "STR does not support cross-interpreter data"),
    (interp.exec, ("import nomod",), I.ExecutionFailed, "ModuleNotFoundError: No module named 'nomod'"),
    (interp.call, (__import__, "nomod"), I.ExecutionFailed, "ModuleNotFoundError: No module named 'nomod'"),
]
for function, args, kind, text in cases:
    try:
        function(*args)
    except Exception as error:
        found = str(error).partition("\\n")[0]
        assert isinstance(error, kind) and found == text, (function, args, error)
    else:
        raise AssertionError((function, args))
interp.exec("lives = True")
`);
});

test("JavaScript gets the exceptions of Python for modules and functions that are not there", async () => {
  const interp = python.create();
  await assert.rejects(interp.call("nomod:work"), /ModuleNotFoundError: No module named 'nomod'/);
  await assert.rejects(
    interp.call("math:nothing"),
    /AttributeError: module 'math' has no attribute 'nothing'/,
  );
  await assert.rejects(
    interp.call("nothing"),
    /AttributeError: module '__main__' has no attribute 'nothing'/,
  );
  await assert.rejects(interp.exec("x = ("), /SyntaxError: '\(' was never closed/);
  assert.equal(await interp.call("len", "lives"), 5);
  await interp.close();
});
