"""The locks and the queue of `_thread` and `_queue`, for threads that take turns (`_interp_threads`)."""
from time import monotonic
from _queue import Empty

import _interp_threads as threads
from _interp_threads import TIMEOUT_MAX, Waiter, _main_ident, current_ident, wait


def _checked_timeout(blocking, timeout):
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    return None if timeout == -1 else timeout


class lock:
    """A lock object is a synchronization primitive. It is not owned by a thread: any thread may release it."""

    __slots__ = ("_locked", "_waiters", "__weakref__")
    __module__ = "_thread"

    def __init__(self):
        self._locked = False
        self._waiters = None

    def acquire(self, blocking=True, timeout=-1):
        """Lock the lock. Without argument, this blocks if the lock is already
        locked (even by the same thread), waiting for another thread to release
        the lock, and return True once the lock is acquired."""
        if timeout == -1:
            if not self._locked:
                self._locked = True
                return True
            if not blocking:
                return False
        limit = _checked_timeout(blocking, timeout)
        if not self._locked:
            self._locked = True
            return True
        if not blocking or limit == 0:
            return False
        waiter = Waiter()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        try:
            # `release` hands the lock over, so that a thread that releases it and takes it again does not starve the others.
            return wait(waiter, limit, "acquiring a lock")
        except BaseException:
            if waiter.done:
                self.release()
            raise
        finally:
            if not waiter.done:
                self._waiters.remove(waiter)

    def release(self):
        """Release the lock, allowing another thread that is blocked waiting for
        the lock to acquire the lock. The lock must be in the locked state,
        but it needn't be locked by the same thread that unlocks it."""
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        if self._waiters:
            self._waiters.pop(0).wake()
        else:
            self._locked = False

    def locked(self):
        """Return whether the lock is in the locked state."""
        return self._locked

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    # Most locks are free: these two do without the calls, as those of RLock do.

    def __enter__(self):
        if self._locked:
            self.acquire()
        self._locked = True
        if threads._current is None:
            threads.held += 1
        return True

    def __exit__(self, kind, value, traceback):
        if threads._current is None:
            threads.held -= 1
        if self._waiters or not self._locked:
            self.release()
        else:
            self._locked = False

    def _at_fork_reinit(self):
        self._locked = False
        self._waiters = None

    def __repr__(self):
        state = "locked" if self._locked else "unlocked"
        return f"<{state} _thread.lock object at {id(self):#x}>"


class RLock:
    """A lock that its owner may acquire more than once."""

    __slots__ = ("_block", "_owner", "_count", "__weakref__")
    __module__ = "_thread"

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self._block = lock()
        self._owner = 0
        self._count = 0
        return self

    def acquire(self, blocking=True, timeout=-1):
        """Lock the lock. If the calling thread owns it already, return True at once and count it."""
        me = current_ident()
        if self._owner == me:
            _checked_timeout(blocking, timeout)
            self._count += 1
            return True
        if not self._block.acquire(blocking, timeout):
            return False
        self._owner = me
        self._count = 1
        return True

    def release(self):
        """Release the lock, allowing another thread that is blocked waiting for the lock to acquire it."""
        if self._count == 0 or self._owner != current_ident():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if self._count == 0:
            self._owner = 0
            self._block.release()

    def locked(self):
        """Return whether any thread owns the lock."""
        return self._count > 0

    def __enter__(self):
        block = self._block
        current = threads._current
        if block._locked:
            self.acquire()
        else:
            block._locked = True
            self._owner = _main_ident if current is None else current.ident
            self._count = 1
        if current is None:
            threads.held += 1
        return True

    def __exit__(self, kind, value, traceback):
        current = threads._current
        if current is None:
            threads.held -= 1
            me = _main_ident
        else:
            me = current.ident
        block = self._block
        if self._count != 1 or self._owner != me or block._waiters:
            self.release()
        else:
            self._count = self._owner = 0
            block._locked = False

    def _is_owned(self):
        return self._count > 0 and self._owner == current_ident()

    def _recursion_count(self):
        return self._count if self._owner == current_ident() else 0

    def _release_save(self):
        if self._count == 0:
            raise RuntimeError("cannot release un-acquired lock")
        state = self._count, self._owner
        self._count = 0
        self._owner = 0
        self._block.release()
        return state

    def _acquire_restore(self, state):
        self._block.acquire()
        self._count, self._owner = state

    def _at_fork_reinit(self):
        self._block._at_fork_reinit()
        self._owner = 0
        self._count = 0

    def __repr__(self):
        state = "locked" if self._count else "unlocked"
        return f"<{state} _thread.RLock object owner={self._owner} count={self._count} at {id(self):#x}>"


class SimpleQueue:
    """Simple, unbounded, reentrant FIFO queue."""

    __module__ = "_queue"

    def __init__(self):
        self._items = []
        self._first = 0
        self._waiters = []

    def put(self, item, block=True, timeout=None):
        """Put the item on the queue. It never blocks: `block` and `timeout` are ignored."""
        self._items.append(item)
        if self._waiters:
            self._waiters.pop(0).wake()

    def put_nowait(self, item):
        self.put(item)

    def get(self, block=True, timeout=None):
        """Remove and return an item from the queue, waiting for one if `block` is true, at most `timeout` seconds."""
        if timeout is not None and block and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        deadline = None if timeout is None else monotonic() + timeout
        while self.empty():
            if not block:
                raise Empty
            waiter = self.enlist()
            try:
                if not wait(waiter, None if deadline is None else max(0, deadline - monotonic()), "getting from a queue"):
                    raise Empty
            except BaseException:
                # An item that was meant for this thread goes to another one.
                if waiter.done and not self.empty() and self._waiters:
                    self._waiters.pop(0).wake()
                raise
            finally:
                if not waiter.done:
                    self._waiters.remove(waiter)
        return self._take()

    def enlist(self):
        """Returns a waiter that the next `put` wakes."""
        waiter = Waiter()
        self._waiters.append(waiter)
        return waiter

    def _take(self):
        first = self._first
        item = self._items[first]
        self._items[first] = None
        if first > 32 and first * 2 > len(self._items):
            del self._items[: first + 1]
            first = -1
        self._first = first + 1
        return item

    def get_nowait(self):
        if self.empty():
            raise Empty
        return self._take()

    def empty(self):
        return self._first == len(self._items)

    def qsize(self):
        return len(self._items) - self._first

    def __class_getitem__(cls, item):
        import types

        return types.GenericAlias(cls, item)
