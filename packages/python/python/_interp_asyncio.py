"""An event loop for asyncio that blocks, as loops of CPython do, and waits as threads do (`_interp_threads`).

Pyodide's own loop is that of JavaScript, which runs when Python has returned there or is suspended. Where Python cannot be suspended,
`asyncio.run` fails with it. It uses this loop then, and so does a program that makes a loop.
"""
import asyncio
from asyncio import base_events, events, tasks

import _interp_threads as threads


class _Selector:
    """Waits for nothing but the time and calls from other threads."""

    def __init__(self):
        self._waiter = None
        self._woken = False

    def select(self, timeout):
        try:
            if timeout is not None and timeout <= 0:
                threads.pause()
            elif not self._woken:
                self._waiter = threads.Waiter()
                threads.wait(self._waiter, timeout, "waiting in an event loop that has nothing to do")
        finally:
            self._waiter = None
            self._woken = False
        return ()

    def wake(self):
        self._woken = True
        if self._waiter is not None:
            self._waiter.wake()

    def close(self):
        pass


class BlockingEventLoop(base_events.BaseEventLoop):
    """A loop with timers, tasks, futures and executors, and without sockets, pipes, signals and subprocesses."""

    def __init__(self):
        super().__init__()
        self._selector = _Selector()
        self._outer = self._outer_task = self._task = None

    def _check_running(self):
        if self.is_running():
            raise RuntimeError("This event loop is already running")
        running = events._get_running_loop()
        if running is not None and not _is_javascript(running):
            raise RuntimeError("Cannot run the event loop while another loop is running")

    def leave(self):
        """Meanwhile, the loop of JavaScript may run coroutines of its own."""
        self._task = tasks._swap_current_task(self, None)
        events._set_running_loop(self._outer)

    def enter(self):
        events._set_running_loop(self)
        tasks._swap_current_task(self, self._task)

    def _run_forever_setup(self):
        self._outer = events._get_running_loop()
        # This may be part of a task of the loop of JavaScript. No other task can be entered while that is the current one.
        self._outer_task = self._outer and tasks._swap_current_task(self._outer, None)
        super()._run_forever_setup()

    def _run_forever_cleanup(self):
        super()._run_forever_cleanup()
        events._set_running_loop(self._outer)
        if self._outer is not None:
            tasks._swap_current_task(self._outer, self._outer_task)

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        self._selector.wake()

    def close(self):
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        super().close()


def _leave_loop():
    loop = events._get_running_loop()
    if type(loop) is not BlockingEventLoop:
        return None
    loop.leave()
    return loop


def _is_javascript(loop):
    from pyodide.webloop import WebLoop

    return isinstance(loop, WebLoop)


def _run_in_executor(self, executor, func, *args):
    """Arrange for func to be called in the specified executor."""
    # Pyodide's own, for want of threads, calls it here and now.
    if executor is None:
        executor = self.__dict__.get("_default_executor")
        if executor is None:
            from concurrent.futures import ThreadPoolExecutor

            executor = self._default_executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
    return asyncio.wrap_future(executor.submit(func, *args), loop=self)


def _set_default_executor(self, executor):
    """Set the default executor."""
    from concurrent.futures import ThreadPoolExecutor

    if not isinstance(executor, ThreadPoolExecutor):
        raise TypeError("executor must be ThreadPoolExecutor instance")
    self._default_executor = executor


def install():
    """Makes this the loop of `asyncio.run` and of new loops where Python cannot be suspended, and of policies other than Pyodide's."""
    from asyncio import runners, unix_events
    from pyodide import webloop

    threads._leave_loop = _leave_loop

    suspending_run, blocking_run = asyncio.run, webloop._orig_run

    def run(main, *, debug=None, loop_factory=None):
        if loop_factory is None:
            if threads.can_switch():
                return suspending_run(main, debug=debug)
            loop_factory = BlockingEventLoop
        running = events._get_running_loop()
        if running is None or not _is_javascript(running):
            return blocking_run(main, debug=debug, loop_factory=loop_factory)
        task = tasks._swap_current_task(running, None)
        events._set_running_loop(None)
        try:
            return blocking_run(main, debug=debug, loop_factory=loop_factory)
        finally:
            events._set_running_loop(running)
            tasks._swap_current_task(running, task)

    run.__doc__ = blocking_run.__doc__
    asyncio.run = runners.run = run

    webloop.WebLoop.run_in_executor = _run_in_executor
    webloop.WebLoop.set_default_executor = _set_default_executor

    own = webloop.WebLoopPolicy.new_event_loop

    def new_event_loop(self):
        return own(self) if threads.can_switch() else BlockingEventLoop()

    webloop.WebLoopPolicy.new_event_loop = new_event_loop
    unix_events._UnixDefaultEventLoopPolicy._loop_factory = BlockingEventLoop
    for module in (asyncio, unix_events):
        module.SelectorEventLoop = module.EventLoop = BlockingEventLoop
