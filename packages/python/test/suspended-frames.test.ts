/** The frames of a suspended thread stay whole, although another thread has its place on the C stack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPython } from "../src/index.js";
import { offsetsOf } from "../src/suspended-frames.js";
import { canSwitchStacks } from "../src/threads.js";
import { CACHE } from "./folders.js";

const green = { skip: canSwitchStacks() ? false : "this engine cannot switch stacks", timeout: 60_000 };

test(
  "frames of a suspended thread can be followed, and the garbage collector follows them",
  green,
  async () => {
    const python = await createPython({ cache: CACHE });
    const script = `
import gc, sys, threading
def names(frame):
    found = []
    while frame is not None:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found
def through_c(depth, last):
    # Each level has C call Python.
    return last() if depth == 0 else next(map(lambda _: through_c(depth - 1, last), (0,)))
parked, go, ended = threading.Event(), threading.Event(), False
def park():
    global mine, before, ended
    mine = sys._getframe()
    before = names(mine)
    parked.set()
    go.wait()
    assert names(mine) == before
    ended = True
thread = threading.Thread(target=through_c, args=(5, park))
thread.start()
parked.wait()
def look():
    assert names(mine) == before, names(mine)
    for _ in range(5): gc.collect(1)
for depth in range(9): through_c(depth, look)
go.set()
thread.join()
assert ended
`;
    await python.runAsync(script);
    const interp = python.create();
    await interp.exec(script);
    await interp.close();
  },
);

test("a CPython whose structures are unknown is refused", () => {
  assert.throws(() => offsetsOf(new DataView(new ArrayBuffer(1024)), 0), /no CPython 3\.14/);
});
