/** Threads of one Python interpreter: green ones where the engine can switch stacks, actors and inline ones everywhere. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createPython, type Python } from "../src/index.js";
import { canSwitchStacks } from "../src/threads.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
});

/** Runs a script both ways, blocking and (with green threads, where there are any) asynchronously; `result` is what it leaves. */
async function both(script: string, expected: unknown): Promise<void> {
  python.run(script);
  assert.deepEqual(python.globals.get("result"), expected);
  await onlyAsync(script, expected);
}

async function onlyAsync(script: string, expected: unknown): Promise<void> {
  await python.runAsync(script);
  assert.deepEqual(python.globals.get("result"), expected);
}

const green = { skip: canSwitchStacks() ? false : "this engine cannot switch stacks" };

test("a thread runs, has its own locals, and can be joined", async () => {
  await both(
    `
import threading
local = threading.local()
local.value = 1
seen = []
def target():
    seen.append(hasattr(local, "value"))
    local.value = 2
thread = threading.Thread(target=target, name="worker")
thread.start()
thread.join()
result = (seen[0], local.value, thread.is_alive(), threading.active_count())
`,
    [false, 1, false, 1],
  );
});

test("a wait that nobody can end raises RuntimeError", async () => {
  await both(
    `
import threading
lock = threading.Lock()
lock.acquire()
try:
    lock.acquire()
    result = "acquired"
except RuntimeError as error:
    result = str(error)[:8]
`,
    "deadlock",
  );
});

test("a wait with a time limit ends", async () => {
  await both(
    `
import threading, time
lock = threading.Lock()
lock.acquire()
began = time.monotonic()
result = (lock.acquire(timeout=0.02), time.monotonic() - began >= 0.02, threading.Event().wait(0.01))
`,
    [false, true, false],
  );
});

test("pools of threads and of interpreters, from a script", async () => {
  await both(
    `
from concurrent.futures import InterpreterPoolExecutor, ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    squares = tuple(pool.map(lambda n: n * n, range(5)))
with InterpreterPoolExecutor(2) as pool:
    absolute = tuple(pool.map(abs, range(-3, 2)))
    error = str(pool.submit(divmod, 1, 0).exception())
result = (squares, absolute, error)
`,
    [[0, 1, 4, 9, 16], [3, 2, 1, 0, 1], "division by zero"],
  );
});

test("call_in_thread goes on while the main thread waits for a queue", async () => {
  await both(
    `
from concurrent import interpreters
queue = interpreters.create_queue()
interp = interpreters.create()
def put(queue):
    queue.put("from there")
thread = interp.call_in_thread(put, queue)
result = queue.get()
thread.join()
interp.close()
`,
    "from there",
  );
});

test("call_in_thread sends its call before it returns", async () => {
  await both(
    `
from concurrent import interpreters
interp = interpreters.create()
queue = interpreters.create_queue()
# Only one call at a time is possible, and the thread's is the first.
thread = interp.call_in_thread(queue.get)
try:
    interp.exec("pass")
    result = False
except interpreters.InterpreterError:
    result = True
queue.put(1)
thread.join()
`,
    true,
  );
});

test("asyncio.run ends with its coroutine, also with a pool as executor", async () => {
  await both(
    `
import asyncio
from concurrent.futures import InterpreterPoolExecutor
async def main():
    await asyncio.sleep(0.001)
    with InterpreterPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, abs, -5)
result = asyncio.run(main())
`,
    5,
  );
});

test("a loop of asyncio that nothing can wake raises", () => {
  python.run(`
import asyncio
async def main():
    await asyncio.get_running_loop().create_future()
try:
    asyncio.run(main())
except RuntimeError as error:
    result = str(error)[:8]
`);
  assert.equal(python.globals.get("result"), "deadlock");
});

test("a pipe is the same in all interpreters, and ends when its write end is closed", async () => {
  await both(
    `
import os
from concurrent import interpreters
read, write = os.pipe()
interp = interpreters.create()
interp.exec(f"import os; os.write({write}, b'one'); open({write}, 'w').write(' two')")
interp.close()
with open(read) as file:
    result = file.read()
`,
    "one two",
  );
});

test("channels pass objects, and tell when they are closed", async () => {
  await both(
    `
import _interpchannels as channels
from concurrent import interpreters
cid = channels.create()
interp = interpreters.create()
queue = interpreters.create_queue()
interp.prepare_main(cid=cid)
channels.send(cid, (1, queue), blocking=False)
interp.exec("import _interpchannels as channels; (n, queue), _ = channels.recv(cid); queue.put(n + 1)")
channels.close(cid)
try:
    channels.recv(cid)
except channels.ChannelClosedError as error:
    result = (queue.get(), type(error).__name__)
interp.close()
`,
    [2, "ChannelClosedError"],
  );
});

test("a time limit ends a thread that never waits, and the interpreter lives on", async () => {
  const interp = python.create();
  await interp.exec("kept = 7");
  const spinning = `
import threading
def spin():
    while True:
        pass
thread = threading.Thread(target=spin)
thread.start()
thread.join()
`;
  await assert.rejects(interp.with({ timeout: 300 }).exec(spinning), { name: "TimeoutError" });
  await interp.exec("assert kept == 7");
  await interp.close();
});

test("green threads take turns whenever one of them waits", green, async () => {
  await onlyAsync(
    `
import queue, threading, time
there, back = queue.Queue(1), queue.Queue(1)
def echo():
    while (item := there.get()) is not None:
        back.put(item + 1)
thread = threading.Thread(target=echo)
thread.start()
n = 0
for _ in range(50):
    there.put(n)
    n = back.get()
there.put(None)
thread.join()
barrier = threading.Barrier(4)
order = []
def meet(i):
    time.sleep(0.001 * i)
    barrier.wait()
    order.append(i)
threads = [threading.Thread(target=meet, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
barrier.wait()
for thread in threads:
    thread.join()
result = (n, tuple(sorted(order)))
`,
    [50, [0, 1, 2]],
  );
});

test("threads that wait for each other do not hang", green, async () => {
  await onlyAsync(
    `
import threading
first, second = threading.Lock(), threading.Lock()
first.acquire()
second.acquire()
thread = threading.Thread(target=lambda: second.acquire() and second.release())
thread.start()
try:
    first.acquire()
    result = "acquired"
except RuntimeError as error:
    result = str(error)[:8]
second.release()
thread.join()
`,
    "deadlock",
  );
});

test(
  "an interpreter's own threads go on after its script has ended, and close waits for them",
  green,
  async () => {
    await onlyAsync(
      `
import os
from concurrent import interpreters
read, write = os.pipe()
interp = interpreters.create()
interp.exec(f"""
import os, threading, time
def late():
    time.sleep(0.01)
    os.write({write}, b"late")
threading.Thread(target=late).start()
""")
running = interp.is_running()
interp.close()
result = (running, os.read(read, 10).decode())
`,
      [false, "late"],
    );
  },
);
