/** Programs that look again and again whether something has ended, as they may in CPython, and executors of asyncio. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
});

/** Runs a script that blocks, one that may suspend itself, and one in an interpreter of its own. */
async function everywhere(script: string): Promise<void> {
  python.run(script);
  await python.runAsync(script);
  const interp = python.create();
  await interp.exec(script);
  await interp.close();
}

const limit = { timeout: 120_000 };

test("a loop that asks a future ends", limit, async () => {
  await everywhere(`
from concurrent.futures import InterpreterPoolExecutor
with InterpreterPoolExecutor(1) as executor:
    first = executor.submit(pow, 2, 10)
    while not first.done(): pass
    assert first.result() == 1024
    futures = [executor.submit(pow, 2, n) for n in range(5)]
    while not all(future.done() for future in futures): pass
    assert [future.result() for future in futures] == [1, 2, 4, 8, 16]
`);
});

test("a loop that asks for running, a queue or a thread ends", limit, async () => {
  await everywhere(`
import time
from concurrent import interpreters
from concurrent.futures import InterpreterPoolExecutor
queue = interpreters.create_queue()
with InterpreterPoolExecutor(1) as executor:
    future = executor.submit(time.sleep, 0.01)
    while not future.running(): pass
    executor.submit(queue.put, "task")
    while queue.empty(): pass
    assert queue.get() == "task"
interp = interpreters.create()
thread = interp.call_in_thread(time.sleep, 0.01)
while thread.is_alive(): pass
while interp.is_running(): pass
interp.close()
`);
});

test(
  "callbacks of futures run while the main thread computes, and not while it holds their lock",
  limit,
  async () => {
    await everywhere(`
import threading
from concurrent.futures import InterpreterPoolExecutor
seen, lock = [], threading.Lock()
def note(future):
    with lock: seen.append(future.result())
with InterpreterPoolExecutor(2) as executor:
    for n in range(6): executor.submit(pow, 2, n).add_done_callback(note)
    with lock:
        for _ in range(100_000): pass
        before = len(seen)
    assert before == 0, seen
    while len(seen) < 6: pass
assert sorted(seen) == [1, 2, 4, 8, 16, 32]
`);
  },
);

test("run_in_executor runs in the executor", limit, async () => {
  const script = `
import asyncio, threading
from concurrent import interpreters
from concurrent.futures import InterpreterPoolExecutor
async def main():
    loop = asyncio.get_running_loop()
    with InterpreterPoolExecutor(2) as executor:
        assert await loop.run_in_executor(executor, eval, "__import__('_interpreters').get_current()[0]") != interpreters.get_current().id
        assert await asyncio.gather(*[loop.run_in_executor(executor, pow, 2, n) for n in range(5)]) == [1, 2, 4, 8, 16]
        try:
            await loop.run_in_executor(executor, int, "x")
        except ValueError as error:
            assert isinstance(error.__cause__, interpreters.ExecutionFailed)
    assert await asyncio.to_thread(threading.current_thread) is not threading.main_thread()
`;
  await everywhere(`${script}asyncio.run(main())`);
  await python.runAsync(`${script}await main()`);
});

test("a trace function for new threads is none of the thread that starts them", limit, async () => {
  await everywhere(`
import sys, threading
calls = []
threading.setprofile(lambda *event: calls.append(event[1]))
thread = threading.Thread(target=len, args=((),))
thread.start()
thread.join()
threading.setprofile(None)
assert calls
assert sys.getprofile() is None
`);
});

test("a callback of asyncio is not suspended before it has begun", () => {
  python.run(`
import asyncio.events, _interp_threads
def frame(code, back): return type("Frame", (), {"f_code": code, "f_back": back})
entry = frame(next(iter(_interp_threads.entries)), None)
handle = frame(asyncio.events.Handle._run.__code__, entry)
outcome = (_interp_threads._may_switch(handle), _interp_threads._may_switch(frame(frame.__code__, handle)))
`);
  assert.deepEqual(python.globals.get("outcome"), [false, true]);
});
