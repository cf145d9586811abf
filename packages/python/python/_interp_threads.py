"""Threads of one interpreter, in the place of those of `_thread`.

WebAssembly has one stack here, so the threads of an interpreter take turns. There are three kinds:

- A *green thread* has a stack of its own, where the engine can switch stacks. It runs from the event loop, and another one runs
  whenever it waits, or has run for the switch interval (`sys.setswitchinterval`).
- An *actor* (`_interp_actors`) is a thread whose target is known to do nothing but wait for other interpreters. It needs no stack: whoever
  waits runs its next step. It works on every engine, and is quicker than a green thread.
- An *inline thread* runs to its end inside of `start`, where the engine cannot switch stacks.

Every wait goes through `wait` or `wait_outside`. What nobody can end raises RuntimeError: it would hang otherwise.
"""
import _interpbridge
import _thread
import sys
import time
from functools import partial
from time import monotonic
import weakref

run_sync = can_run_sync = None  # of pyodide.ffi, once a port is attached

_port = None  # the JavaScript side (src/threads.ts)
_entry = None
_main_ident = _thread.get_ident()
_current = None
_threads = {}  # key -> green thread that was started and has not ended
_syncs = 0  # calls of run_sync that have not returned
_suspended = {}  # key of a waiter -> waiter of a suspended thread
_keys = 0
_stopping = False
_allowed = _daemons_allowed = True
_main_interpreter = True
_original_sleep = time.sleep
TIMEOUT_MAX = _thread.TIMEOUT_MAX


def next_key():
    global _keys
    _keys += 1
    return _keys


class Waiter:
    """One wait of one thread. Whoever ends it calls `wake`."""

    __slots__ = ("key", "done", "error", "endless", "thread", "actor")

    def __init__(self):
        self.key = next_key()
        self.done = False
        self.error = None
        self.endless = False
        self.thread = None
        self.actor = None

    def wake(self):
        self.done = True
        if self.key in _suspended:
            _port.wake(self.key)
        elif self.actor is not None:
            self.actor.notice()


class GreenThread:
    """What `_thread` knows of a thread. Its `key` identifies it to the JavaScript side."""

    __slots__ = ("key", "ident", "function", "handle", "name", "kind")

    def __init__(self, function, handle, kind):
        self.key = next_key()
        self.ident = _main_ident + 16 * self.key
        self.function = function
        self.handle = handle
        self.name = None
        self.kind = kind

    def finish(self):
        _alive.discard(self)
        self.function = None
        self.handle._finish()


_alive = set()  # started and not ended, of every kind


def current_ident():
    return _main_ident if _current is None else _current.ident


def become(thread):
    """Makes `thread` (None means the main one) the current one, and returns the one before."""
    global _current
    before = _current
    _current = thread
    return before


# Waiting


def can_switch():
    return can_run_sync is not None and can_run_sync()


def must_switch():
    """Whether another thread could run while this one waits, a green one or, if this is a green one, the main one."""
    return bool(_threads) and can_switch()


def milliseconds(deadline):
    """How long it is until `deadline`, in whole milliseconds, rounded up; -1 means for ever."""
    if deadline is None:
        return -1
    left = (deadline - monotonic()) * 1000
    return 0 if left <= 0 else min(int(left) + 1, 2_000_000_000)


def wait(waiter, timeout=None, what="this wait"):
    """Waits until another thread of this interpreter wakes `waiter`, or `timeout` seconds. Returns whether it was woken."""
    deadline = None if timeout is None else monotonic() + timeout
    while not waiter.done:
        left = milliseconds(deadline)
        if left == 0:
            return False
        if must_switch():
            _suspend(waiter, left, what)
        elif _step_actors():
            raise_pending()
        else:
            if left < 0 and not _actors_wait_outside():
                raise RuntimeError(_deadlock(what))
            _block(left)
    return True


def _suspend(waiter, left, what):
    me = become(None)
    waiter.endless = left < 0
    waiter.thread = me
    _suspended[waiter.key] = waiter
    try:
        if waiter.endless:
            _look_for_deadlock(what)
        if not waiter.done and waiter.error is None:
            _run_sync(lambda: _port.park(waiter.key, left))
    finally:
        become(me)
        _suspended.pop(waiter.key, None)
        waiter.endless = False
    if waiter.error is not None:
        error, waiter.error = waiter.error, None
        raise error


def _run_sync(make_promise):
    global _syncs
    _syncs += 1
    loop = _leave_loop()
    try:
        run_sync(make_promise())
    finally:
        _syncs -= 1
        if loop is not None:
            loop.enter()


def _leave_loop():
    """Replaced by `_interp_asyncio`: Pyodide makes a future of each promise, which must be one of the loop of JavaScript. Returns the loop to
    enter again."""
    return None


def _look_for_deadlock(what):
    """Ends the main thread's wait if all threads wait for each other, without a time limit."""
    if _actors_can_go_on() or len(_suspended) <= len(_threads) or _event_loop_busy():
        return
    main = None
    for waiter in _suspended.values():
        if waiter.done or not waiter.endless:
            return
        if waiter.thread is None:
            main = waiter
    if main is not None:
        main.error = RuntimeError(_deadlock(what))
        _port.wake(main.key)


def _event_loop_busy():
    """Whether asyncio has callbacks to run: one of them may end a wait."""
    loops = sys.modules.get("asyncio.events")
    loop = loops._get_running_loop() if loops else None
    # The loop counts each call of run_sync, and the coroutine that runs now.
    return loop is not None and getattr(loop, "_in_progress", 0) - _syncs > 1


def _deadlock(what):
    text = f"deadlock: {what} would never end, as no other thread of this interpreter can run"
    if _port is not None and not _port.switches:
        text += " (this JavaScript engine cannot switch stacks, so a thread runs to its end when it is started; Node 24 and later can)"
    elif _threads and not can_switch():
        text += " (other threads exist, but Python was entered by a blocking call: use an asynchronous one)"
    return text


def wait_outside(settled, promise, block, timeout=None):
    """Waits for something that another interpreter ends.

    `settled()` says whether it has ended, `promise(ms)` gives a promise of that, and `block(ms)` blocks this thread until it ends, an
    actor can go on, or the time is over. `ms` is -1 for no limit. Returns whether it has ended.
    """
    deadline = None if timeout is None else monotonic() + timeout
    while not settled():
        left = milliseconds(deadline)
        if left == 0:
            return False
        if must_switch():
            _suspend_for(lambda: promise(left))
        elif _step_actors():
            raise_pending()
        else:
            block(left)
    return True


def _suspend_for(make_promise):
    """Suspends this thread until the promise is settled."""
    me = become(None)
    waiter = Waiter()
    waiter.thread = me
    _suspended[waiter.key] = waiter
    try:
        _run_sync(make_promise)
    finally:
        become(me)
        del _suspended[waiter.key]
    if waiter.error is not None:
        raise waiter.error


def interrupt():
    """Raises KeyboardInterrupt in the main thread: here, if that runs, else where it waits.

    Another thread that runs gets one, too: it may go on for ever, and nothing else can run until it waits or ends.
    """
    global _interrupted
    main = next((waiter for waiter in _suspended.values() if waiter.thread is None), None)
    if main is not None:
        main.error = KeyboardInterrupt()
        _port.wake(main.key)
        # It may wait for another interpreter.
        _port.interrupt()
    elif _current is not None:
        # The main thread is below on this stack.
        _interrupted = True
    if _current.kind != "actor" if _current is not None else main is None:
        raise KeyboardInterrupt


_interrupted = False


def raise_pending():
    """Raises what `interrupt` could not raise in the main thread, if this is that."""
    global _interrupted
    if _interrupted and _current is None:
        _interrupted = False
        raise KeyboardInterrupt


def _block(left):
    if _port is None:
        _original_sleep(0.001 if left < 0 else left / 1000)
    else:
        _port.block(left)


def sleep(seconds, /):
    """Delay execution for a given number of seconds.  The argument may be
    a floating-point number for subsecond precision."""
    if not isinstance(seconds, (int, float)):
        if not hasattr(seconds, "__index__") and not hasattr(seconds, "__float__"):
            raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
        seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds > TIMEOUT_MAX:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    if seconds == 0:
        pause()
    else:
        wait(Waiter(), seconds)


def pause():
    """Lets the other threads run, without waiting for anything."""
    if must_switch():
        _suspend_for(_port.pause)
    else:
        _step_actors()


# Time slices. As long as there are green threads or actors, the thread that runs gets a signal of JavaScript once in each switch interval.

#: interrupt-byte.ts has the same number.
SLICE_OVER = 60
#: Where the code is that others must not enter while it runs: ours, whose steps belong together, and that of Pyodide's event loop.
_LIBRARY = weakref.__file__.rpartition("/")[0]
_OPAQUE = (__file__.rpartition("/")[0] + "/_interp", _LIBRARY + "/pyodide/", _LIBRARY + "/_pyodide/")
#: Where no thread is suspended itself, but its callers and what it calls. Pyodide has asyncio run a callback at the end of each suspension, on a stack of its
#: own. If that were suspended before it has done anything, there would be more and more of them.
_UNDISTURBED = (*_OPAQUE, _LIBRARY + "/asyncio/events.py")
#: Code that may hold locks which actors take. An actor that waited for the code below it on the same stack would wait for ever.
_LOCKING = tuple(_LIBRARY + name for name in ("/threading.py", "/queue.py", "/concurrent/", "/logging/"))
#: How many `with` statements of the main thread hold a lock (`_interp_locks`).
held = 0
#: Milliseconds after which actors may run if they must not at the end of a slice.
_SOON = 0.2
_refused = 0
#: The functions there that others may enter while they call code of users, and those among them that JavaScript calls so that Python can be suspended.
transparent = set()
entries = set()


def _on_slice_over(number, frame):
    global _refused
    if frame is None:
        # JavaScript has called C, which has not called Python yet.
        return
    if must_switch():
        if _may_switch(frame):
            _port.slice(sys.getswitchinterval() * 1000)
            _suspend_for(_port.pause)
    elif _current is None and _any_actors():
        if held > 0 or not _may_step(frame):
            # Python looks for signals once in a fixed number of jumps and calls, so a loop would be at the same place each time.
            _refused = (_refused + 1) % 50
            for _ in range(_refused):
                pass
            _port.slice(_SOON)
            return
        update_slices()
        if _actors_wait_outside():
            # Takes the replies that have come.
            _port.block(0)
        _step_actors()
        raise_pending()


def update_slices():
    """Must be called whenever a green thread or an actor begins or ends."""
    if _port is not None:
        _port.slice(sys.getswitchinterval() * 1000 if _threads or _any_actors() else -1)


def _has_other_tasks():
    # `_event_loop_busy` is also true while threads are about to go on, and would be for ever if this one did not let them.
    loops = sys.modules.get("asyncio.events")
    loop = loops._get_running_loop() if loops else None
    if loop is None:
        return False
    tasks = sys.modules["asyncio.tasks"]
    return bool(tasks.all_tasks(loop) - {tasks.current_task(loop)})


def _may_switch(frame):
    """Whether the others may run before the next instruction of `frame`. A task of asyncio must not run within another one of the same thread."""
    if frame.f_code.co_filename.startswith(_UNDISTURBED) or _current is None and _has_other_tasks():
        return False
    while (frame := frame.f_back) is not None:
        code = frame.f_code
        if code.co_filename.startswith(_OPAQUE) and code not in transparent:
            return False
    return code in entries


def _may_step(frame):
    """Whether actors may run before the next instruction of `frame`, on the stack of the main thread."""
    if frame.f_code.co_filename.startswith("<frozen importlib"):
        # It may hold the lock of all imports.
        return False
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        if name.startswith(_LOCKING) or name.startswith(_OPAQUE) and code not in transparent:
            return False
        frame = frame.f_back
    return True


# Actors (replaced by _interp_actors)


def _step_actors():
    return False


def _actors_wait_outside():
    return False


def _actors_can_go_on():
    return False


def _any_actors():
    return False


def _actor_of(function):
    return None


# Threads


class _ThreadHandle:
    """The handle of one thread: it can be joined any number of times."""

    __slots__ = ("_state", "_ident", "_thread", "_joiners", "__weakref__")
    __module__ = "_thread"

    def __init__(self):
        self._state = "new"
        self._ident = 0
        self._thread = None
        self._joiners = []

    @property
    def ident(self):
        return self._ident

    def is_done(self):
        return self._state == "done"

    def _set_done(self):
        if self._state == "new":
            raise RuntimeError("thread not started")
        self._finish()

    def _finish(self):
        self._state = "done"
        self._thread = None
        joiners, self._joiners = self._joiners, []
        for waiter in joiners:
            waiter.wake()

    def join(self, timeout=None):
        if self._state == "new":
            raise RuntimeError("thread not started")
        if self._ident == current_ident() and self._state != "done":
            raise RuntimeError("Cannot join current thread")
        if self._state == "done":
            return
        if timeout is not None and timeout < 0:
            timeout = None
        waiter = Waiter()
        self._joiners.append(waiter)
        try:
            wait(waiter, timeout, "joining a thread")
        finally:
            if not waiter.done:
                self._joiners.remove(waiter)

    def __repr__(self):
        return f"<_thread._ThreadHandle object: ident={self._ident}>"


def _make_thread_handle(ident):
    handle = _ThreadHandle()
    handle._ident = ident
    handle._state = "running"
    return handle


def start_joinable_thread(function, handle=None, daemon=True):
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = _ThreadHandle()
    elif not isinstance(handle, _ThreadHandle):
        raise TypeError("'handle' must be a _ThreadHandle")
    if handle._state != "new":
        raise RuntimeError("thread already started")
    if not _allowed:
        raise RuntimeError("thread is not supported for isolated subinterpreters")
    if daemon and not _daemons_allowed:
        raise RuntimeError("daemon threads are not allowed in this interpreter")
    if _stopping:
        raise PythonFinalizationError("can't create new thread at interpreter shutdown")
    steps = _actor_of(function)
    kind = "actor" if steps is not None else "green" if can_switch() else "inline"
    thread = GreenThread(function, handle, kind)
    handle._state = "running"
    handle._ident = thread.ident
    handle._thread = thread
    if not daemon:
        _joined_at_exit.add(handle)
    _alive.add(thread)
    if steps is not None:
        steps(thread)
    elif kind == "green":
        _threads[thread.key] = thread
        update_slices()
        _port.start(thread.key)
    else:
        _run_inline(thread)
        raise_pending()
    return handle


_joined_at_exit = weakref.WeakSet()


def _run_inline(thread):
    # `threading.settrace` and `setprofile` are for the new thread, which here is the caller's to the interpreter.
    trace, profile = sys.gettrace(), sys.getprofile()
    try:
        _run(thread)
    finally:
        sys.settrace(trace)
        sys.setprofile(profile)


def _run(thread):
    before = become(thread)
    try:
        thread.function()
    except SystemExit:
        pass
    except BaseException as error:
        report_unraisable(error, thread.function)
    finally:
        become(before)
        if _threads.pop(thread.key, None) is not None:
            update_slices()
        thread.finish()
        if thread.kind == "green" and _suspended:
            # The last thread that could have ended another's wait may be gone.
            _look_for_deadlock("waiting for a thread that has ended")


def report_unraisable(error, function):
    class Unraisable:
        exc_type = type(error)
        exc_value = error
        exc_traceback = error.__traceback__
        err_msg = f"Exception ignored in thread started by {function!r}"
        object = None

    hook = sys.unraisablehook
    try:
        hook(Unraisable) if hook is not sys.__unraisablehook__ else _print_unraisable(Unraisable)
    except Exception:
        pass


def _print_unraisable(unraisable):
    import traceback

    print(f"{unraisable.err_msg}:", file=sys.stderr)
    traceback.print_exception(unraisable.exc_value)


def _enter(key):
    """Runs the green thread `key`. Called from the event loop, with a stack of its own."""
    thread = _threads.get(key)
    if thread is not None:
        _run(thread)


def start_new_thread(function, args, kwargs=None, /):
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")

    # No function of ours, which no other thread could run within.
    return start_joinable_thread(partial(function, *args, **(kwargs or {})), daemon=True).ident


def _shutdown():
    """Waits for all threads that are not daemons."""
    while True:
        handles = [handle for handle in _joined_at_exit if handle._state == "running" and handle._ident != current_ident()]
        if not handles:
            break
        for handle in handles:
            handle.join()


def _count():
    return sum(thread.kind != "main" for thread in _alive)


def set_name(name):
    if not isinstance(name, str):
        raise TypeError(f"set_name() argument 'name' must be str, not {type(name).__name__}")
    name = name.encode(errors="replace")[:15].decode(errors="ignore")
    if _current is not None:
        _current.name = name


def given_name():
    return _current.name if _current is not None else _interpbridge.caller_name


def _get_name():
    return given_name() or "python"
