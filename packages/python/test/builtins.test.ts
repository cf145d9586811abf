/** Functions of JavaScript as builtins of Python: which values they get, and what Python gets from them. */
import { before, test } from "node:test";
import { createPython, type Python } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
before(async () => {
  python = await createPython({ cache: CACHE });
  python.run("import _interpbridge as B\nfrom concurrent import interpreters as I");
});

test("Python sees the functions of the bridge as builtins", () => {
  python.run(`
for name in ('q_put', 'q_get', 'q_put_int', 'i_send', 'i_fetch', 'w_answer'):
    assert type(getattr(B.js, name)).__name__ == 'builtin_function_or_method', name
`);
});

test("an int comes back as it was, whatever its size; a bool and a subclass stay what they are", () => {
  python.run(`
q = I.create_queue()
class Small(int): pass
for value in (0, 1, -1, 127, 128, 2**30 - 2, 2**30 - 1, 2**30, 2**30 + 1, -2**30, -2**30 - 1, 2**31 - 1, -2**31, 2**31, -2**31 - 1, 2**33, 2**53 + 1,
              2**60, 2**62, -2**63, 2**63, True, False):
    q.put(value)
    got = q.get()
    assert type(got) is type(value) and got == value, (value, got)
`);
});

test("what is no int, or too many arguments, is never taken for one", () => {
  python.run(`
for args in ((1.0,), ('1',), (b'1',), (None,), (True,), (), (1, 2), (2**70,)):
    assert B.js.q_get(*args) == B.NOT_INTS, args
assert B.js.q_put_int(1, b'abc', -1) == B.NOT_INTS
import _interpqueues
for wrong, error in ((1.0, TypeError), ('1', TypeError), (None, TypeError), (-1, ValueError), (2**70, OverflowError)):
    for call in (_interpqueues.get, lambda qid: _interpqueues.put(qid, 5), _interpqueues.get_count):
        try:
            call(wrong)
        except error:
            pass
        else:
            raise AssertionError((wrong, call))
`);
});

test("values pass while Python's memory grows", () => {
  python.run(`
q = I.create_queue()
kept = []
for i in range(30):
    kept.append(bytearray(5_000_000))
    sent = bytes([i]) * 3_000_000
    q.put(sent)
    q.put(i)
    assert q.get() == sent and q.get() == i
del kept, sent
`);
});

// Whatever the shims left in a place that both use would be gone after the finalizer.
test("a finalizer that uses queues disturbs no value that is on its way", () => {
  python.run(`
import gc
q, other, carried = I.create_queue(), I.create_queue(), I.create_queue()
class Noisy:
    def __init__(self): self.me = self
    def __del__(self):
        other.put('from a finalizer')
        other.put((1, carried))
        other.put({'pickled': carried})
        while not other.empty(): other.get()
before = gc.get_threshold()
gc.set_threshold(1, 1, 1)
try:
    for i in range(3000):
        Noisy()
        for sent in (('text', i, carried), {'pickled': i, 'queue': carried}, 'x' * (i % 200), 1 << 40):
            q.put(sent)
            got = q.get()
            assert got == sent or type(sent) is tuple and got[:2] == sent[:2] and got[2] is carried, (sent, got)
finally:
    gc.set_threshold(*before)
`);
});

test("a signal handler that uses queues disturbs no value that is on its way", () => {
  python.run(`
import signal
q, other = I.create_queue(), I.create_queue()
handled = 0
def handler(number, frame):
    global handled
    handled += 1
    other.put('from a handler')
    other.get()
before = signal.signal(signal.SIGUSR1, handler)
try:
    for i in range(3000):
        signal.raise_signal(signal.SIGUSR1)
        sent = ('text', i, 2.5)
        q.put(sent)
        assert q.get() == sent
finally:
    signal.signal(signal.SIGUSR1, before)
assert handled == 3000
`);
});
