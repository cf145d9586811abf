/** Interpreters that would wait for each other: whoever would close the circle gets CPython's exception, and nothing hangs. */
import { before, test } from "node:test";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
  python.run(`
from concurrent import interpreters as I
import _interpreters
def wait_for(other, how):
    "What becomes of waiting for another interpreter."
    import _interpreters
    try:
        if how == "exec": failure = _interpreters.exec(other, "pass")
        elif how == "set": failure = _interpreters.set___main___attrs(other, {"x": 1})
        else: failure = _interpreters.destroy(other)
        return failure and failure.formatted
    except Exception as error:
        return f"{type(error).__name__}: {error}"
def through(others, wait_for, through, how):
    "As \`wait_for\` the last of \`others\`, from the interpreter before."
    import _interpreters
    first, *rest = others
    if not rest: return wait_for(first, how)
    result, failure = _interpreters.call(first, through, (tuple(rest), wait_for, through, how))
    return failure.formatted if failure else result
`);
});

for (const way of ["run", "runAsync"] as const) {
  test(`work and ends that close a circle are refused (${way})`, { timeout: 120_000 }, async () => {
    await python[way](`
made = [I.create() for _ in range(3)]
ids = [i.id for i in made]
running = "InterpreterError: interpreter already running"
for how, main, itself, other in (
    ("exec", running, running, running),
    ("set", running, running, running),
    ("destroy", "InterpreterError: cannot destroy the main interpreter", "InterpreterError: cannot destroy the current interpreter",
        "InterpreterError: interpreter running"),
):
    def found(*others): return made[0].call(through, others, wait_for, through, how)
    assert found(0) == main, found(0)
    assert found(ids[0]) == itself, found(ids[0])
    assert found(ids[1], ids[0]) == other
    assert found(ids[1], ids[2], ids[0]) == found(ids[1], ids[2], ids[1]) == other
for i in made: i.close()
`);
  });
}

test("interpreters that call each other at the same time all go on", { timeout: 120_000 }, async () => {
  await python.runAsync(`
a, b = I.create(), I.create()
results = I.create_queue()
def work(results, other, wait_for):
    for _ in range(50): results.put(wait_for(other, "exec"))
threads = [one.call_in_thread(work, results, other.id, wait_for) for one, other in ((a, b), (b, a))]
for thread in threads: thread.join()
found = {results.get() for _ in range(results.qsize())}
assert found <= {None, "InterpreterError: interpreter already running"}, found
a.close(); b.close()
`);
});

test("exit functions that end each other's interpreters are refused", { timeout: 120_000 }, async () => {
  await python.runAsync(`
from concurrent.interpreters._queues import UNBOUND
a, b = I.create(), I.create()
failures = I.create_queue()
for one, other in ((a, b), (b, a)):
    one.prepare_main(other=other.id, failures=failures)
    one.call(exec, """
import atexit, _interpreters
def end():
    try: _interpreters.destroy(other)
    except Exception as error: failures.put(type(error).__name__ + ": " + str(error))
atexit.register(end)
""")
assert a.call(wait_for, b.id, "destroy") is None
# The one that has put the failure is gone.
assert failures.get(timeout=30) is UNBOUND
a.close()
assert failures.get(timeout=30) is UNBOUND
assert failures.empty()
`);
});
