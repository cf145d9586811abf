/** The quick ways of frequent values, functions and tasks must do what the general ones do. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { core } from "interpreters/core";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
  python.run(
    "from concurrent import interpreters as I\nfrom concurrent.futures import InterpreterPoolExecutor",
  );
});

test("ints of every size pass through a queue", () => {
  python.run(`
q = I.create_queue()
for n in range(70):
    for item in (2**n - 1, 2**n, 2**n + 1, -(2**n) - 1, -(2**n), 1 - 2**n):
        q.put(item)
        got = q.get()
        assert type(got) is int and got == item, item
for item in (True, False):
    q.put(item)
    assert q.get() is item
del q
`);
});

test("a queue id that is none is refused as CPython refuses it", () => {
  python.run(`
import _interpqueues as Q
def raised(work, *args):
    try: work(*args)
    except Exception as error: return type(error).__name__
for function, more in ((Q.get, ()), (Q.put, (1,)), (Q.put, ("x",)), (Q.put, (1, 3))):
    found = [raised(function, qid, *more) for qid in (-1, -2, -3, -2**40, 10**6, 2**40, 2**70, "x", 1.5)]
    assert found == ["ValueError"] * 4 + ["QueueNotFoundError"] * 2 + ["OverflowError"] + ["TypeError"] * 2, found
`);
});

test("a function of a module is sent as the one that the module has now", () => {
  python.run(`
import textwrap
i = I.create()
indent = textwrap.indent
assert i.call(textwrap.indent, "x", "-") == i.call(indent, "x", "-") == "-x"
def other(text, prefix): return "other"
textwrap.indent = other
try:
    # As pickle says: it is not the same object.
    try: i.call(indent, "x", "-")
    except I.NotShareableError: refused = True
    assert refused
finally:
    textwrap.indent = indent
assert i.call(indent, "x", "-") == "-x"
i.close(); del i
`);
});

test("a function that is called again has nothing of the call before", () => {
  python.run(`
i = I.create()
def grow(into):
    into["n"] = len(into)
    return into
def local():
    import sys
    return sys._getframe().f_code.co_name
for _ in range(3):
    assert i.call(grow, {}) == {"n": 0}
    assert i.call(lambda **named: named) == {}
    assert i.call(local) == "local"
i.close(); del i
`);
});

test("tasks of a pool have their arguments, results and exceptions", () => {
  python.run(`
import operator, pickle
class Odd:
    def __reduce__(self): return (int, ("odd",))
with InterpreterPoolExecutor(1) as executor:
    def outcome(*args, **named):
        future = executor.submit(*args, **named)
        error = future.exception()
        return future.result() if error is None else (type(error).__name__, str(error))
    assert outcome(lambda *args, **named: (args, named), 1, "x", a=2) == ((1, "x"), {"a": 2})
    assert outcome(lambda: None) is None
    assert outcome(operator.truediv, 1, 0) == ("ZeroDivisionError", "division by zero")
    assert outcome(lambda: (x for x in ())) [0] == "NotShareableError"
    assert outcome(lambda: 1, (x for x in ()))[0] == "NotShareableError"
    assert outcome(print, Odd()) == ("NotShareableError", "args not shareable")
    def fail(): raise ValueError("bad")
    error = executor.submit(fail).exception()
    # As CPython shows it: the task's own frame, below that of the pool.
    cause = error.__cause__.excinfo.errdisplay
    assert type(error) is ValueError and "in do_call" in cause and "in fail" in cause and cause.count("  File ") == 2, cause
    queue = I.create_queue()
    assert outcome(lambda queue: queue.put(5), queue) is None and queue.get() == 5
`);
});

test("giving back the last handle of an interpreter that does not end is interrupted by a signal", async () => {
  python.run(`
held = I.create_queue()
i = I.create()
id = i.id
i.prepare_main(held=held)
i.exec("""
import atexit
atexit.register(held.get)
""")
`);
  const id = python.globals.get("id") as number;
  const { interrupt } = python.interruptible();
  interrupt[0] = 2;
  const began = performance.now();
  assert.equal(core.interpreters.release(id), true);
  // Otherwise it waits for half a minute.
  assert.ok(performance.now() - began < 15_000);
  interrupt[0] = 0;
  assert.ok(core.interpreters.whence(id) >= 0);
  python.run("held.put(None)");
  while (core.interpreters.whence(id) >= 0) await new Promise((resolve) => setImmediate(resolve));
  python.run("del i, held");
});
