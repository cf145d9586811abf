"""`os.pipe` for all interpreters of the process: a descriptor means the same pipe in each of them, as in one process.

The file system of one WebAssembly instance knows nothing of the others, so a pipe is a queue of the runtime, with pieces of bytes as items.
Descriptors begin at FIRST; the read end is even, the write end is the next number. Reading waits as queues do, so that other threads run.
"""
from collections import deque
import builtins
import errno
import io
import os
import select
import time

import _interpqueues as queues

FIRST = 1 << 16

#: What the read end gets when the write end is closed; it goes back into the queue, as the end stays the end.
_END = b""

_rest = {}  # descriptor of a read end -> bytes that were received and not read
_closed = set()  # ends that were closed here
_made = set()  # queues of pipes that were made here
_ended = deque()  # those of pipes whose two ends were closed here
_MOST_ENDED = 32

_os_close, _os_read, _os_write, _os_fstat, _os_isatty = os.close, os.read, os.write, os.fstat, os.isatty
_io_open = io.open
_select = select.select


def _error(number):
    return OSError(number, os.strerror(number))


def is_pipe(fd):
    return type(fd) is int and fd >= FIRST


def _queue(fd):
    return (fd - FIRST) >> 1


def pipe():
    """Create a pipe.

    Returns a tuple of two file descriptors:
      (read_fd, write_fd)"""
    queue = queues._create_hidden(queues.PRIVATE)
    _made.add(queue)
    fd = FIRST + (queue << 1)
    return fd, fd + 1


def read(fd, length, /):
    """Read from a file descriptor.  Returns a bytes object."""
    if not is_pipe(fd):
        return _os_read(fd, length)
    if length < 0:
        raise _error(errno.EINVAL)
    data = _rest.pop(fd, b"")
    if not data:
        data = _receive(fd)
    if len(data) > length:
        _rest[fd] = data[length:]
        data = data[:length]
    return data


def _receive(fd):
    if fd & 1 or fd in _closed:
        raise _error(errno.EBADF)
    queue = _queue(fd)
    try:
        # Who reads when the pipe is closed still gets what was written before.
        queues.bind(queue)
    except queues.QueueError:
        raise _error(errno.EBADF) from None
    try:
        while True:
            try:
                data, _ = queues.get(queue)
            except queues._empty:
                queues._bridge.wait_queue(queue, False, None)
            else:
                if not data:
                    queues._put(queue, _END, _KEEP)
                return data
    finally:
        queues.release(queue)


def write(fd, data, /):
    """Write a bytes object to a file descriptor."""
    if not is_pipe(fd):
        return _os_write(fd, data)
    if fd in _closed or not fd & 1:
        raise _error(errno.EBADF)
    data = bytes(data)
    if data:
        try:
            if fd - 1 in _closed:
                raise queues.QueueError
            queues._put(_queue(fd), data, _KEEP)
        except queues.QueueError:
            raise _error(errno.EPIPE) from None
    return len(data)


#: Of the runtime: the item outlives the interpreter that put it.
_KEEP = 3


def close(fd):
    """Close a file descriptor."""
    if not is_pipe(fd):
        return _os_close(fd)
    if fd in _closed:
        raise _error(errno.EBADF)
    queue = _queue(fd)
    _closed.add(fd)
    if fd & 1:
        try:
            queues._put(queue, _END, _KEEP)
        except queues.QueueError:
            raise _error(errno.EBADF) from None
    else:
        _rest.pop(fd, None)
    if queue in _made and fd ^ 1 in _closed:
        _made.discard(queue)
        _ended.append(queue)
        # Another interpreter may be about to read what was written last.
        if len(_ended) > _MOST_ENDED:
            queues.release(_ended.popleft())


class PipeIO(io.RawIOBase):
    """One end of a pipe as a raw file."""

    def __init__(self, fd, mode, closefd=True):
        self._fd = fd
        self._reads = not fd & 1
        self._closefd = closefd
        self.name = fd
        self.mode = mode

    def fileno(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")
        return self._fd

    def readable(self):
        return self._reads

    def writable(self):
        return not self._reads

    def isatty(self):
        return False

    def readinto(self, buffer):
        if not self._reads:
            raise io.UnsupportedOperation("File not open for reading")
        data = read(self.fileno(), len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        if self._reads:
            raise io.UnsupportedOperation("File not open for writing")
        return write(self.fileno(), data)

    def close(self):
        if self.closed:
            return
        super().close()
        if self._closefd:
            close(self._fd)


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    if not is_pipe(file):
        return _io_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    reads = "r" in mode
    if reads == bool(file & 1) or "+" in mode:
        raise _error(errno.EINVAL)
    raw = PipeIO(file, "rb" if reads else "wb", closefd)
    binary = "b" in mode
    if binary and buffering == 0:
        return raw
    if buffering == 0:
        raise ValueError("can't have unbuffered text I/O")
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffer = io.BufferedReader(raw, size) if reads else io.BufferedWriter(raw, size)
    if binary:
        return buffer
    text = io.TextIOWrapper(buffer, io.text_encoding(encoding), errors, newline, line_buffering=buffering == 1)
    text.mode = mode
    return text


open.__doc__ = _io_open.__doc__


def select_(rlist, wlist, xlist, timeout=None, /):
    """Wait until one or more file descriptors are ready for some kind of I/O."""
    rlist, wlist = list(rlist), list(wlist)
    if not any(is_pipe(_number(file)) for file in rlist + wlist):
        return _select(rlist, wlist, xlist, timeout)
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        ready = [file for file in rlist if _readable(_number(file))]
        left = None if deadline is None else deadline - time.monotonic()
        if ready or wlist or (left is not None and left <= 0):
            return ready, wlist, []
        pipes = [_queue(fd) for fd in map(_number, rlist) if is_pipe(fd)]
        # Of several pipes, one after the other is watched.
        for queue in pipes:
            queues._bridge.wait_queue(queue, False, left if len(pipes) == 1 else 0.01)


def _number(file):
    return file if isinstance(file, int) else file.fileno()


def _readable(fd):
    if not is_pipe(fd):
        return bool(_select([fd], [], [], 0)[0])
    try:
        return fd in _rest or queues.get_count(_queue(fd)) > 0
    except queues.QueueError:
        raise _error(errno.EBADF) from None


def install():
    os.pipe, os.read, os.write, os.close = pipe, read, write, close
    io.open = builtins.open = open
    select.select = select_
