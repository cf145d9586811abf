/** The shims over the runtime: values, lifetimes, work, interrupts, and the deaths of interpreters. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  create,
  createQueue,
  ExecutionFailed,
  InterpreterDiedError,
  listAll,
  listQueues,
  NotShareableError,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { core } from "interpreters/core";
import { createPython, type Python } from "../src/index.js";
import { canSwitchStacks } from "../src/threads.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
  python.run("from concurrent import interpreters as I");
});

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs a script in main, whose last expression is an assertion about `names`. */
function check(code: string): void {
  python.run(code);
}

test("every value that Python puts comes back as it was, whatever way it travels", () => {
  check(`
import random, math
rng = random.Random(5)
LEAVES = [
    lambda: None, lambda: True, lambda: False,
    lambda: rng.randint(-200, 200), lambda: rng.randint(-2**33, 2**33), lambda: rng.randint(-2**63, 2**63 - 1),
    lambda: rng.randint(-2**90, 2**90), lambda: 2**63 - 1, lambda: -2**63, lambda: 2**63, lambda: 2**53 + 1,
    lambda: rng.random(), lambda: -0.0, lambda: math.inf, lambda: 5.0, lambda: 1e300,
    lambda: '', lambda: 'a' * rng.randint(0, 200), lambda: 'ÿé' * rng.randint(1, 70), lambda: '\\u20ac𝄞x' * 3,
    lambda: '\\ud800', lambda: '\\udc00\\ud800', lambda: 'x\\0y', lambda: b'', lambda: rng.randbytes(rng.randint(0, 4000)),
    lambda: {'a': [1, 2]}, lambda: [1, (2,)], lambda: bytearray(b'ab'), lambda: 3 + 4j, lambda: frozenset({1}), lambda: ...,
    lambda: StopIteration, lambda: range(3),
]
def value(depth):
    if depth and rng.random() < 0.4:
        return tuple(value(depth - 1) for _ in range(rng.randint(0, 5)))
    return rng.choice(LEAVES)()
def same(a, b):
    if type(a) is not type(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is float:
        return math.copysign(1, a) == math.copysign(1, b) and a == b
    return a == b
q = I.create_queue()
for leaf in LEAVES:
    q.put(leaf()); q.get()
for _ in range(2000):
    sent = value(3)
    q.put(sent)
    got = q.get()
    assert same(sent, got), (sent, got)
del q
`);
});

test("values that both languages have pass through both, unchanged", () => {
  const queue = createQueue<unknown>();
  python.globals.set("jq", queue);
  const values = [
    null,
    true,
    false,
    0,
    1,
    127,
    128,
    -1,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    -(2 ** 53),
    1.5,
    -0,
    Infinity,
    2n ** 63n - 1n,
    -(2n ** 63n),
    "",
    "abc",
    "é".repeat(100),
    "€𝄞",
    "\ud800",
    "\udc00\ud800",
    "a".repeat(70_000),
    new Uint8Array(0),
    new Uint8Array([1, 2, 255]),
    [],
    [1, [2, ["three", null]]],
  ];
  for (const value of values) {
    queue.putNowait(value);
    python.run("_v = jq.get(); jq.put(_v)");
    assert.deepEqual(queue.getNowait(), value);
  }
  python.run("del jq");
});

test("a value that fits no buffer so far makes it larger", () => {
  check(`
q = I.create_queue()
for n in (65_000, 65_536, 200_000, 3_000_000):
    for made in (b'x' * n, 'y' * n, ('é' * n, q), [b'z' * n]):
        q.put(made)
        got = q.get()
        assert got == made, n
del q, got, made
`);
});

test("queues keep their identity, and live as long as a handle or an item keeps them", async () => {
  check(`
import _interpqueues
q = I.create_queue(); inner = I.create_queue()
q.put(inner); q.put((1, (inner, inner))); q.put([inner])
qid = inner.id
assert q.get() is inner
assert q.get() == (1, (inner, inner))
q.put(inner)
del inner
# The items keep it.
found = q.get()[0]
assert found.id == qid
found.put(5)
del found
found = q.get()
assert found.id == qid and found.get() == 5
del found
try:
    _interpqueues.bind(qid)
except I.QueueNotFoundError if hasattr(I, 'QueueNotFoundError') else _interpqueues.QueueNotFoundError:
    pass
else:
    raise AssertionError('the queue outlived its handles')
`);
  const queue = createQueue<Queue[]>();
  python.run(`jq = I.Queue(${queue.id}); jq.put((jq,)); del jq`);
  assert.deepEqual(await queue.get(), [queue]);
  assert.ok(listQueues().includes(queue));
});

test("a queue in an item or a reply that Python does not take is let go", async () => {
  const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
  const javascript = create();
  const inner = await javascript.call(async (q) => {
    const { createQueue: make } = await import("interpreters");
    const made = make();
    q.putNowait({ made });
    return made.id;
  }, queue);
  await javascript.terminate();
  assert.ok(core.queues.ids().includes(inner));
  python.run(`
q = I.Queue(${queue.id})
try:
    q.get()
except I.NotShareableError:
    pass
else:
    raise AssertionError('an object of JavaScript reached Python')
del q
`);
  await until(() => !core.queues.ids().includes(inner));
  check(`
import _interpreters, _interpbridge
i = I.create()
before = _interpbridge.js.q_list()
wait = _interpbridge.wait_operation
def interrupted(token):
    wait(token)
    raise KeyboardInterrupt
def make():
    from concurrent import interpreters
    return interpreters.create_queue()
_interpbridge.wait_operation = interrupted
try:
    i.call(make)
except KeyboardInterrupt:
    pass
finally:
    _interpbridge.wait_operation = wait
i.exec('1')
assert _interpbridge.js.q_list() == before
i.close(); del i
`);
});

test("an interpreter that Python makes boots with its first work, and ends with its last handle", () => {
  const before = listAll().length;
  check(`
made = [I.create() for _ in range(100)]
ids = {i.id for i in made}
assert ids <= {i.id for i in I.list_all()}
made[0].exec('x = 1')
assert not made[0].is_running()
del made
assert not ids & {i.id for i in I.list_all()}
`);
  assert.equal(listAll().length, before);
});

test("work on an interpreter that is running is refused, and it goes on", () => {
  check(`
i = I.create(); q = I.create_queue()
i.prepare_main(id=i.id, q=q)
i.exec('''
from concurrent import interpreters
i = interpreters.Interpreter(id)
try:
    i.exec('1')
except Exception as exc:
    q.put(f'{type(exc).__name__}: {exc}')
''')
assert q.get() == 'InterpreterError: interpreter already running', q
i.close()
del i
`);
});

test("functions, arguments and results travel in each of their ways", () => {
  check(`
i = I.create()
def add(a, b): return a + b
assert i.call(add, 1, b=2) == 3
assert i.call(lambda *args: args, 1, 'x', None) == (1, 'x', None)
assert i.call(sorted, [3, 1]) == [1, 3]
assert i.call(dict, a=[1]) == {'a': [1]}
import math
assert i.call(math.hypot, 3, 4) == 5
big = i.call(bytes, 300_000)
assert big == bytes(300_000)
q = I.create_queue()
assert i.call(lambda x: x, q) is q
def leave(): pass
try:
    i.call(leave.__get__(lambda: 1))
except Exception as exc:
    assert type(exc) is I.NotShareableError, exc
try:
    i.call(lambda: (x for x in ()))
except I.NotShareableError:
    pass
i.close(); del i
`);
});

test("an exception's display is the one that Python shows there, without our frames", () => {
  check(`
i = I.create()
try:
    i.exec('def f():\\n    raise ValueError("bad")\\nf()')
except I.ExecutionFailed as exc:
    assert exc.excinfo.type.__name__ == 'ValueError' and exc.excinfo.msg == 'bad'
    assert exc.excinfo.formatted == 'ValueError: bad'
    lines = exc.excinfo.errdisplay.splitlines()
    assert lines[0] == 'Traceback (most recent call last):' and lines[-1] == 'ValueError: bad'
    assert sum(line.startswith('  File ') for line in lines) == 2, lines
def fail(): raise KeyError('k')
try:
    i.call(fail)
except I.ExecutionFailed as exc:
    assert sum(line.startswith('  File ') for line in exc.excinfo.errdisplay.splitlines()) == 1, exc.excinfo.errdisplay
i.close(); del i
`);
});

test("JavaScript's time limits and signals interrupt Python, which lives on with its globals", async () => {
  await using interp = python.create();
  await interp.exec("kept = 1");
  for (const code of [
    "while True: pass",
    "import time; time.sleep(1000)",
    "from concurrent import interpreters as I\nI.create_queue().get()",
  ]) {
    await assert.rejects(interp.with({ timeout: 100 }).exec(code), (error) => {
      assert.ok(error instanceof DOMException && error.name === "TimeoutError");
      assert.ok(error.cause instanceof ExecutionFailed, code);
      assert.equal(error.cause.excinfo.type.name, "KeyboardInterrupt");
      return true;
    });
  }
  const controller = new AbortController();
  const work = interp.with({ signal: controller.signal }).exec("started = True\nwhile True: pass");
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(work, /enough/);
  await interp.exec("kept += 1");
  assert.equal(await interp.call("eval", "kept"), 2);
});

test(
  "an interrupt finds the main thread wherever it waits, and no other",
  { skip: !canSwitchStacks() },
  async () => {
    await using interp = python.create();
    await interp.exec(`
import threading, time
from concurrent import interpreters as I
stop = False
def beside():
    global ticks
    ticks = 0
    while not stop:
        time.sleep(0.001)
        ticks += 1
thread = threading.Thread(target=beside)
thread.start()
`);
    for (const code of [
      "time.sleep(1000)",
      "threading.Event().wait()",
      "I.create_queue().get()",
      "while True: time.sleep(0.001)",
      "other = I.create()\nother.exec('import time; time.sleep(1000)')",
    ]) {
      await assert.rejects(interp.with({ timeout: 100 }).exec(code), (error) => {
        assert.ok(error instanceof DOMException && error.name === "TimeoutError");
        assert.ok(error.cause instanceof ExecutionFailed, code);
        assert.equal(error.cause.excinfo.type.name, "KeyboardInterrupt");
        return true;
      });
    }
    const before = await interp.call<number>("eval", "ticks");
    await interp.exec("while ticks == " + before + ": time.sleep(0.001)\nstop = True\nthread.join()");
  },
);

test("a crash of Python ends its interpreter, and nothing else", async () => {
  for (const [code, reason, exitCode] of [
    ["import os; os._exit(3)", "exit", 3],
    ["import os; os.abort()", "uncaught-exception", 1],
    ["import ctypes; ctypes.string_at(0xfffffff0, 4)", "uncaught-exception", 1],
  ] as const) {
    const interp = python.create({ stderr: "ignore" });
    const waiting = interp.exec(code);
    const next = interp.exec("1");
    await assert.rejects(waiting, (error) => {
      assert.ok(error instanceof InterpreterDiedError, code);
      assert.deepEqual([error.reason, error.exitCode], [reason, exitCode]);
      return true;
    });
    await assert.rejects(next, InterpreterDiedError);
  }
  check(`
i = I.create()
try:
    i.exec('import os; os.abort()')
except I.InterpreterError as exc:
    assert 'uncaught exception' in str(exc), exc
else:
    raise AssertionError('it lives on')
assert i.id not in [each.id for each in I.list_all()]
`);
});

test("an interpreter that is closed waits for its threads, and lets those of the closer run", async () => {
  if (canSwitchStacks()) {
    await python.runAsync(`
import threading
i = I.create(); q = I.create_queue(); done = I.create_queue()
i.prepare_main(q=q, done=done)
i.exec('''
import threading, time
threading.Thread(target=lambda: done.put(q.get())).start()
''')
def later():
    import time
    time.sleep(0.05)
    q.put('late')
threading.Thread(target=later).start()
i.close()
assert done.get() is not None
del i, q, done
`);
  }
  check(`
i = I.create(); q = I.create_queue()
i.prepare_main(q=q)
i.exec('import atexit; atexit.register(q.put, "bye", unbounditems=None)')
i.close()
assert q.qsize() == 1
`);
});

test("an interpreter that JavaScript makes for Python is one of the module's, isolated", async () => {
  await using interp = python.create();
  await interp.exec("");
  python.run(`
import _interpreters
other = I.Interpreter(${interp.id})
assert other.whence == '_interpreters module', other.whence
assert _interpreters.get_config(other.id) == _interpreters.new_config('isolated')
other.exec('x = 1')
del other
`);
  // Python's handle was not the last one.
  assert.equal(await interp.call("eval", "x"), 1);
});

test("a result that cannot travel is refused, and is no failure of the function", async () => {
  await using interp = python.create();
  await assert.rejects(interp.call("sorted", [3, 1]), NotShareableError);
  await assert.rejects(interp.call("nowhere:f"), ExecutionFailed);
  await assert.rejects(interp.call("len", { a: 1 } as never), NotShareableError);
  assert.equal(await interp.call("len", "abc"), 3);
});

test("items of several producers reach several consumers once each, in each producer's order", async () => {
  const queue = createQueue<unknown>(7);
  const results = createQueue<number[]>();
  const items = 1500;
  const made = Array.from({ length: 4 }, () => python.create());
  await Promise.all(made.map((interp) => interp.prepareMain({ q: queue, results, items })));
  const consumers = made.slice(0, 2).map((interp) =>
    interp.exec(`
got = []
while True:
    item = q.get()
    if item is None:
        break
    got.append(item if type(item) is int else item[0])
results.put(tuple(got))
`),
  );
  const producers = made.slice(2).map((interp, i) =>
    interp.exec(`
for n in range(items):
    q.put(${i} * 1_000_000 + n if n % 3 else (${i} * 1_000_000 + n, 'x' * (n % 4000), [n] if n % 5 == 0 else n))
`),
  );
  await Promise.all(producers);
  await queue.put(null);
  await queue.put(null);
  await Promise.all(consumers);
  const got = [await results.get(), await results.get()] as number[][];
  const all = Array.from({ length: 2 }, (_, i) =>
    Array.from({ length: items }, (_each, n) => i * 1_000_000 + n),
  );
  assert.deepEqual(
    got.flat().sort((a, b) => a - b),
    all.flat(),
  );
  for (const each of got) {
    for (const own of [each.filter((n) => n < 1_000_000), each.filter((n) => n >= 1_000_000)])
      assert.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
  }
  await Promise.all(made.map((interp) => interp.close()));
});

test("the death of an interpreter ends every wait for it, and its items get their fates", async () => {
  check(`
q = I.create_queue()
i = I.create()
i.prepare_main(q=q)
i.exec("q.put('lost'); q.put([1]); q.put('kept', unbounditems=None)")
dead = i.id
`);
  const id = python.globals.get("dead") as number;
  const { Interpreter } = await import("interpreters");
  await new Interpreter(id).terminate();
  check(`
from concurrent.interpreters._queues import UNBOUND
assert [q.get() for _ in range(3)] == [UNBOUND] * 3
try:
    i.exec('1')
except I.InterpreterNotFoundError:
    pass
else:
    raise AssertionError('a dead interpreter took work')
del i, q
`);
});

test(
  "kills at random moments lose nothing: each item comes once, or is unbound",
  { timeout: 240_000 },
  async () => {
    const queue = createQueue<unknown>();
    const rounds = Number(process.env["INTERPRETERS_PYTHON_KILLS"] ?? 6);
    let whole = 0;
    for (let round = 0; round < rounds; round++) {
      const interp = python.create();
      await interp.prepareMain({ q: queue });
      const died = interp
        .exec("n = 0\nwhile True:\n    q.put((n, 'x' * (n % 5000)))\n    n += 1")
        .catch((error: unknown) => error);
      const items = 5 + ((round * 37) % 200);
      for (let i = 0; i < items; i++) {
        const item = await queue.get();
        assert.deepEqual(item, [i, "x".repeat(i % 5000)]);
      }
      await interp.terminate();
      assert.ok((await died) instanceof InterpreterDiedError);
      while (queue.qsize() > 0) assert.equal(typeof (await queue.get()), "symbol");
      whole += items;
    }
    assert.ok(whole > 0);
  },
);

test("a wait for another interpreter that a signal ends, which Python has not looked at yet, goes on", () => {
  check(`
import _interpbridge
real = _interpbridge.js
class Early:
    early = 3
    def __getattr__(self, name):
        return getattr(real, name)
    def i_block(self, token):
        if self.early:
            self.early -= 1
            return 0
        return real.i_block(token)
_interpbridge.js = Early()
try:
    interp = I.create()
    interp.exec('import time; time.sleep(0.01)')
    assert interp.call(pow, 2, 5) == 32
    interp.close()
    assert _interpbridge.js.early == 0, _interpbridge.js.early
finally:
    _interpbridge.js = real
`);
});
