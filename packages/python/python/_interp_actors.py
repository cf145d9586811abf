"""Threads that need no stack, because their target only waits for other interpreters (`_interp_threads`).

Two targets are known: the worker of a pool of `concurrent.futures`, and that of `Interpreter.call_in_thread`. An actor runs such a target
as a generator, which yields what it waits for: a `Waiter` of this interpreter, or an operation on another one. Whoever waits runs its
next step, or the event loop does.
"""
from collections import deque
import sys
import threading

import _interpbridge as _bridge
import _interp_threads as threads
import _interpreters

_ready = deque()  # actors whose wait has ended
_outside = []  # actors that wait for an operation on another interpreter
_kicked = False
_count = 0  # actors that have not ended


class Actor:
    __slots__ = ("thread", "public", "steps", "operation")

    def __init__(self, thread, public, steps):
        global _count
        _count += 1
        threads.update_slices()
        self.thread = thread
        self.public = public  # its threading.Thread
        self.steps = steps
        self.operation = None

    def notice(self):
        """Its wait has ended."""
        _ready.append(self)
        kick()

    def step(self):
        operation, self.operation = self.operation, None
        before = threads.become(self.thread)
        try:
            awaited = self.public._context.run(self.steps.send, operation)
        except StopIteration:
            self._end()
        except BaseException:
            self.public._invoke_excepthook(self.public)
            self._end()
        else:
            if isinstance(awaited, threads.Waiter):
                if awaited.done:
                    self.notice()
                else:
                    awaited.actor = self
            else:
                self.operation = awaited
                _outside.append(self)
                awaited.watch()
        finally:
            threads.become(before)

    def _end(self):
        global _count
        _count -= 1
        threads.update_slices()
        public = self.public
        self.steps = self.public = None
        public._delete()
        del public._target, public._args, public._kwargs
        self.thread.finish()


def kick():
    """Has the event loop run the steps that are due, if nobody does before."""
    global _kicked
    if not _kicked and threads._port is not None:
        _kicked = True
        threads._port.kick()


def turn():
    """Called from the event loop."""
    global _kicked
    _kicked = False
    while step_actors():
        pass
    if threads._suspended:
        # This may have been the last step that could have ended a wait.
        threads._look_for_deadlock("waiting for a thread that has ended")


def step_actors():
    """Runs one step of each actor that can go on. Returns whether there was one."""
    if _outside:
        done = _bridge.js.i_done
        for actor in _outside[:]:
            if actor.operation is not None and done(actor.operation.token):
                _outside.remove(actor)
                _ready.append(actor)
    if not _ready:
        return False
    for _ in range(len(_ready)):
        if not _ready:
            break
        _ready.popleft().step()
    return True


def actors_wait_outside():
    return bool(_outside)


def can_go_on():
    """Whether an actor will take a step, now or when another interpreter has answered."""
    return bool(_ready or _outside)


def any_alive():
    return _count > 0


def actor_of(function):
    """Returns what makes an actor of a thread whose function is `function`, or None if it must be a thread of another kind."""
    public = getattr(function, "__self__", None)
    if type(public) is not threading.Thread or function.__func__ is not threading.Thread._bootstrap:
        return None
    target = public._target
    args = public._args
    pool = sys.modules.get("concurrent.futures.thread")
    if pool is not None and target is pool._worker and not public._kwargs:
        context = args[1]
        of_interpreters = sys.modules.get("concurrent.futures.interpreter")
        if of_interpreters is not None and type(context) is of_interpreters.WorkerContext:
            steps = _work(pool, InterpreterTasks(context), *args)
        elif type(context) is pool.WorkerContext and not threads.can_switch():
            steps = _work(pool, LocalTasks(context), *args)
        else:
            return None
    else:
        interpreters = sys.modules.get("concurrent.interpreters")
        if interpreters is None or getattr(target, "__func__", None) is not interpreters.Interpreter._call:
            return None
        steps = _call(target.__self__, *args)

    # A pool starts its workers while it holds locks that the first step may need.
    at_once = steps.gi_code is _call.__code__

    def start(thread):
        public._set_ident()
        if hasattr(public, "_set_native_id"):
            public._set_native_id()
        if hasattr(public, "_set_os_name"):
            public._set_os_name()
        public._started.set()
        with threading._active_limbo_lock:
            threading._active[public._ident] = public
            del threading._limbo[public]
        actor = Actor(thread, public, steps)
        if at_once:
            actor.step()
        else:
            actor.notice()

    def begin(thread):
        before = threads.become(thread)
        try:
            start(thread)
        finally:
            threads.become(before)

    return begin


class Operation:
    """Work that was sent to another interpreter."""

    __slots__ = ("token",)

    def __init__(self, token):
        self.token = token

    def watch(self):
        threads._port.watch(self.token)

    def forget(self):
        threads._port.unwatch(self.token)
        _bridge.js.i_forget(self.token)


# What the known targets do, in steps


def _call(interp, callable, args, kwargs):
    return (yield from _outcome(_interpreters._begin_call(interp.id, callable, args, kwargs, restrict=True)))


def _outcome(token):
    """Waits for the reply of an operation, and returns the value in it."""
    operation = Operation(token)
    try:
        yield operation
        result, failure = _interpreters._reply(operation.token)
    except BaseException:
        operation.forget()
        raise
    if failure is not None:
        from concurrent.interpreters import ExecutionFailed

        raise ExecutionFailed(failure)
    return result


class LocalTasks:
    """Tasks that run in this interpreter, one after the other."""

    def __init__(self, context):
        self.context = context

    def initialize(self):
        self.context.initialize()
        return
        yield

    def run(self, task):
        return self.context.run(task)
        yield


class InterpreterTasks:
    """Tasks that run in an interpreter of the worker's own."""

    def __init__(self, context):
        self.context = context

    def initialize(self):
        from concurrent import interpreters

        context = self.context
        context.interp = interpreters.create()
        try:
            context.results = interpreters.create_queue(0)
            if context.initdata:
                yield from self.run(context.initdata)
        except BaseException:
            context.finalize()
            raise

    def run(self, task):
        context = self.context
        try:
            return (yield from _outcome(_interpreters._begin_task(context.interp.id, context.results.id, *task)))
        except Exception as failure:
            from concurrent.interpreters import ExecutionFailed

            if not isinstance(failure, ExecutionFailed):
                raise
            # `do_call` has put the exception before the call failed.
            error = context.results.get()
            if error is None:
                raise
            raise error from failure


def _run_item(item, tasks):
    future = item.future
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = yield from tasks.run(item.task)
    except BaseException as error:
        future.set_exception(error)
        # The exception's traceback refers to this frame.
        del future
    else:
        future.set_result(result)


def _work(pool, tasks, executor_of, context, queue):
    from concurrent.futures import _base

    try:
        yield from tasks.initialize()
    except BaseException:
        _base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_of()
        if executor is not None:
            executor._initializer_failed()
        return
    try:
        while True:
            if queue.empty():
                executor = executor_of()
                if executor is not None:
                    executor._idle_semaphore.release()
                del executor
                while queue.empty():
                    yield queue.enlist()
            item = queue.get_nowait()
            if item is not None:
                yield from _run_item(item, tasks)
                del item
                continue
            executor = executor_of()
            if pool._shutdown or executor is None or executor._shutdown:
                if executor is not None:
                    executor._shutdown = True
                # The next worker must see it, too.
                queue.put(None)
                return
            del executor
    except BaseException:
        _base.LOGGER.critical("Exception in worker", exc_info=True)
    finally:
        context.finalize()
