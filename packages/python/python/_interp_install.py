"""Puts the threads of `_interp_threads` in the place of those of `_thread`, before the snapshot is made, and gives them their JavaScript
side after it is loaded."""
import _interpreters
import _queue
import _thread
import asyncio
import os
import signal
import sys
import threading
import time

import _interp_actors as actors
import _interp_asyncio
import _interp_boot
import _interpbridge
import _interp_pipes
import _interp_locks as locks
import _interp_threads as threads

_installed = False


def install():
    """Replaces the members of `_thread`, `_queue` and `time`, and what other modules have taken from them."""
    global _installed
    if _installed:
        return
    _installed = True
    from _threading_local import local

    functions = {
        "allocate_lock": locks.lock,
        "allocate": locks.lock,
        "lock": locks.lock,
        "LockType": locks.lock,
        "RLock": locks.RLock,
        "_local": local,
        "get_ident": threads.current_ident,
        "start_joinable_thread": threads.start_joinable_thread,
        "start_new_thread": threads.start_new_thread,
        "start_new": threads.start_new_thread,
        "daemon_threads_allowed": lambda: threads._daemons_allowed,
        "_ThreadHandle": threads._ThreadHandle,
        "_make_thread_handle": threads._make_thread_handle,
        "_shutdown": threads._shutdown,
        "_count": threads._count,
        "_is_main_interpreter": lambda: threads._main_interpreter,
    }
    before = {}
    for name, value in functions.items():
        before[id(getattr(_thread, name))] = value
        setattr(_thread, name, value)
    _thread.set_name = threads.set_name
    _thread._get_name = threads._get_name
    threading._set_name = threads.set_name
    _thread.get_native_id = threads.current_ident
    before[id(_queue.SimpleQueue)] = locks.SimpleQueue
    _queue.SimpleQueue = locks.SimpleQueue
    before[id(time.sleep)] = threads.sleep
    before[id(threads._original_sleep)] = threads.sleep
    time.sleep = threads.sleep
    own = {"_thread", "_interp_threads", "_interp_locks", "_interp_actors", __name__}
    for module in list(sys.modules.values()):
        if type(module) is not type(sys) or module.__name__ in own:
            continue
        for name, value in list(vars(module).items()):
            new = before.get(id(value))
            if new is not None:
                setattr(module, name, new)
            elif type(value) in _native_locks and not value.locked():
                setattr(module, name, _native_locks[type(value)]())
    threading.local = local
    main = threading._main_thread
    main._os_thread_handle = threads._make_thread_handle(threads._main_ident)
    main._started._cond = threading.Condition(locks.lock())
    _interp_asyncio.install()
    _mark_transparent()
    threads._step_actors = actors.step_actors
    threads._actors_wait_outside = actors.actors_wait_outside
    threads._actors_can_go_on = actors.can_go_on
    threads._any_actors = actors.any_alive
    threads._actor_of = actors.actor_of
    _interpbridge.wait_operation = _wait_operation
    _interpbridge.wait_queue = _wait_queue
    _interpbridge.pause = threads.pause
    _interpbridge.thread_name = threads.given_name
    _interp_pipes.install()


def _mark_transparent():
    from _pyodide import _base
    from pyodide.webloop import WebLoop

    calls = (threads._enter, _interpreters._execute, _interpreters._from_js, _interp_boot.run_main, _interp_boot._finish)
    threads.entries.update(function.__code__ for function in calls)
    # Runs a callback of asyncio.
    threads.entries.update(code for code in WebLoop.call_later.__code__.co_consts if getattr(code, "co_name", "") == "run_handle")
    threads.transparent.update(threads.entries)
    within = (
        threads._run, _interpreters._perform, _interpreters._call_here, _interp_boot._run_guarded, _interp_boot._run,
        _interp_boot.run_async, _base.eval_code_async, _base.CodeRunner.run_async, asyncio.run)
    threads.transparent.update(function.__code__ for function in within)


_native_locks = {_thread.lock: locks.lock, _thread.RLock: locks.RLock}


def _no_exec(*args, **kwargs):
    raise RuntimeError("exec not supported for isolated subinterpreters")


def _wait_operation(token):
    js = _interpbridge.js
    if not threads._threads and not actors.any_alive():
        _interpbridge.block_operation(token)
        return
    port = threads._port
    threads.wait_outside(
        lambda: js.i_done(token),
        lambda left: js.i_settled(token),
        lambda left: port.blockFor(token, left),
    )


def _wait_queue(qid, putting, seconds):
    js = _interpbridge.js
    left = -1 if seconds is None else seconds * 1000
    if threads.must_switch():
        ended = False

        def settled():
            nonlocal ended
            before, ended = ended, True
            return before

        threads.wait_outside(settled, lambda _: js.q_changes(qid, putting, left), None)
    elif actors.any_alive():
        # An actor's step may be what changes the queue.
        if not actors.step_actors():
            threads._port.blockForQueue(qid, putting, left)
    else:
        js.q_wait(qid, putting, left)


def attach(port, main):
    """Gives the threads of this interpreter their JavaScript side. `main`: whether it is the main interpreter."""
    from pyodide import ffi

    threads.run_sync = ffi.run_sync
    threads.can_run_sync = ffi.can_run_sync
    threads._port = port
    threads._main_interpreter = main
    signal.signal(threads.SLICE_OVER, threads._on_slice_over)
    return threads._enter, actors.turn, _configure, threads.interrupt


def _configure(daemons):
    """The thread is its interpreter from now on. `daemons`: whether it may have daemon threads."""
    threads._daemons_allowed = daemons
    config = _interpreters.get_config(None)
    threads._allowed = config.allow_threads
    if not config.allow_exec:
        os.execv = os.execve = _no_exec
