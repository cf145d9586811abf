/** Green threads that compute take turns, in every switch interval of Python's, and what takes no turns stays whole. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createPython, type Python } from "../src/index.js";
import { canSwitchStacks } from "../src/threads.js";
import { CACHE } from "./folders.js";

const green = { skip: canSwitchStacks() ? false : "this engine cannot switch stacks", timeout: 60_000 };
let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
});

/** In main, and in an interpreter of its own. */
async function everywhere(script: string): Promise<void> {
  await python.runAsync(script);
  const interp = python.create();
  await interp.exec(script);
  await interp.close();
}

test("a thread that computes does not keep the main thread waiting", green, async () => {
  await everywhere(`
import threading, time
done = False
def spin():
    while not done: pass
thread = threading.Thread(target=spin)
thread.start()
time.sleep(0.01)
done = True
thread.join()
`);
});

test("threads that wait for each other by computing all end", green, async () => {
  await everywhere(`
import threading
turn = 0
def spin(me):
    global turn
    for _ in range(5):
        while turn % 4 != me: pass
        turn += 1
threads = [threading.Thread(target=spin, args=(me,)) for me in range(1, 4)]
for thread in threads: thread.start()
for _ in range(5):
    while turn % 4 != 0: pass
    turn += 1
for thread in threads: thread.join()
assert turn == 20
`);
});

test("JavaScript runs while threads compute", green, async () => {
  await python.runAsync(`
import threading
done = False
def spin():
    while not done: pass
thread = threading.Thread(target=spin)
thread.start()
`);
  await new Promise((resolve) => setTimeout(resolve, 10));
  await python.runAsync("done = True\nthread.join()");
});

test("an interpreter with a thread that computes takes work", green, async () => {
  const interp = python.create();
  await interp.exec(`
import threading
done = False
def spin():
    while not done: pass
thread = threading.Thread(target=spin)
thread.start()
`);
  assert.equal(await interp.call("math:hypot", 3, 4), 5);
  await interp.exec("done = True\nthread.join()");
  await interp.close();
});

test("a time limit ends work that computes beside a thread", green, async () => {
  const interp = python.create();
  const running = interp.with({ timeout: 100 }).exec(`
import threading
def spin():
    while True: pass
for _ in range(2): threading.Thread(target=spin).start()
while True: pass
`);
  await assert.rejects(running, { name: "TimeoutError" });
  await interp.terminate();
});

test("tasks of asyncio run within no other task", green, async () => {
  await python.runAsync(`
import asyncio, threading, sys
interval = sys.getswitchinterval()
sys.setswitchinterval(1e-5)
done = False
def spin():
    while not done: pass
thread = threading.Thread(target=spin)
thread.start()
inside = 0
async def task():
    global inside
    for _ in range(20):
        inside += 1
        for _ in range(2000): assert inside == 1
        inside -= 1
        await asyncio.sleep(0)
await asyncio.gather(*[task() for _ in range(5)])
done = True
thread.join()
sys.setswitchinterval(interval)
`);
});

test("what threads do at once stays whole, however short their slices are", green, async () => {
  await everywhere(`
import collections, json, pickle, queue, random, sys, threading
from concurrent import interpreters
interval = sys.getswitchinterval()
sys.setswitchinterval(1e-5)
shared = interpreters.create_queue()
inner = queue.Queue(5)
lock, total, failures = threading.Lock(), 0, []

class Point:
    def __init__(self, *parts): self.parts = parts
    def __eq__(self, other): return self.parts == other.parts
    def __reduce__(self):
        # Code of users, within the encoding of a value.
        return (Point, tuple(part + 0 for part in self.parts))

def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
def numbers(n):
    for i in range(n):
        try: yield i
        finally: pass

def mix(me):
    global total
    rng = random.Random(me)
    mine = interpreters.create_queue()
    for i in range(60):
        value = rng.choice([i, (me, i, "x" * i), {"me": [me, i]}, [Point(me, i)], (mine, b"y" * 300, 2**70)])
        mine.put(value)
        got = mine.get()
        assert type(got) is type(value) and (got == value), (got, value)
        assert pickle.loads(pickle.dumps(Point(me, i))) == Point(me, i)
        assert json.loads(json.dumps({"a": [me, i]})) == {"a": [me, i]}
        assert deep(150) == 150 and sum(numbers(50)) == 1225
        assert sorted(range(40), key=lambda n: -n)[0] == 39
        try: raise KeyError((me, i))
        except KeyError as error: assert error.args == ((me, i),)
        with lock:
            before = total
            for _ in range(20): pass
            total = before + 1
        inner.put((me, i)); other = inner.get()
        shared.put(other)

def guarded(me):
    try: mix(me)
    except BaseException as error:
        import traceback
        failures.append(traceback.format_exc())

threads = [threading.Thread(target=guarded, args=(me,)) for me in range(6)]
for thread in threads: thread.start()
guarded(6)
for thread in threads: thread.join()
assert not failures, failures[0]
assert total == 7 * 60
seen = collections.Counter(shared.get() for _ in range(7 * 60))
assert set(seen.values()) == {1} and len(seen) == 7 * 60
sys.setswitchinterval(interval)
`);
});
