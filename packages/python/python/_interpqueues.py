"""The queues of concurrent.interpreters, on the runtime's own.

The names, the arguments and the errors are those of CPython 3.14's module of the same name.
"""

import sys
import time as _time
from operator import index as _index
import _interpbridge as _bridge
from _interpbridge import NotShareableError as _NotShareableError

__all__ = [
    'QueueError', 'QueueNotFoundError',
    'bind', 'create', 'destroy', 'get', 'get_count', 'get_maxsize', 'get_queue_defaults', 'is_full', 'list_all', 'put', 'release',
]


class QueueError(RuntimeError):
    """Indicates that a queue-related error happened."""

    __module__ = 'concurrent.interpreters'


class QueueNotFoundError(QueueError):
    """An operation on a queue failed because the queue wasn't found."""

    __module__ = 'concurrent.interpreters'


# `q_put_int` and `q_get` of bridge.ts, once it is attached. What the latter adds to an int is 2, if it is not negative and not large.
_put_int = _take = None
_LARGE = 1 << 31
_ANSWERED = _bridge.ANSWERED

# Replaced when concurrent.interpreters registers its own.
_empty = _full = QueueError

# CPython's flags for the fate of an item whose interpreter is destroyed, and the runtime's.
_REMOVE, _ERROR, _REPLACE = 1, 2, 3
_TO_RUNTIME = {_REPLACE: 0, _ERROR: 1, _REMOVE: 2}
_FROM_RUNTIME = {0: _REPLACE, 1: _ERROR, 2: _REMOVE, 3: _REPLACE}
_LIVE = 0


def _register_heap_types(queue_type, empty, full):
    global _empty, _full
    if not (isinstance(queue_type, type) and isinstance(empty, type) and isinstance(full, type)):
        raise TypeError('expected a type for each of the arguments')
    _bridge.register_queue_type(queue_type)
    _empty, _full = empty, full
    module = sys.modules.get(queue_type.__module__)
    if module is not None and getattr(module, 'time', None) is _time:
        module.time = _QueueTime()


def _qid(arg):
    if type(arg) is int:
        qid = arg
    elif hasattr(type(arg), '__index__'):
        qid = int(arg.__index__())
    else:
        raise TypeError(f'queue ID must be an int, got {type(arg).__name__}')
    if not -(1 << 63) <= qid < 1 << 63:
        raise OverflowError('int too big to convert')
    if qid < 0:
        raise ValueError(f'queue ID must be a non-negative int, got {arg!r}')
    if qid > 0x7fffffff:
        raise QueueNotFoundError(f'queue {qid} not found')
    return qid


def _failed(status, qid):
    if status == _bridge.EMPTY:
        # Others must run even if the caller asks again and again, without waiting.
        _bridge.pause()
        return _empty(f'queue {qid} is empty')
    if status == _bridge.FULL:
        _bridge.pause()
        return _full(f'queue {qid} is full')
    if status == _bridge.NOT_FOUND:
        return QueueNotFoundError(f'queue {qid} not found')
    if status == _bridge.NEVER_BOUND:
        return QueueError(f'queue {qid} never bound')
    if status == _bridge.SHUT:
        return QueueError(f'queue {qid} was shut down')
    if status == _bridge.NO_MEMORY:
        return MemoryError()
    return QueueError(f'queue {qid}: status {status}')


def _checked_unbound(unboundop, default):
    unboundop = _index(unboundop)
    if unboundop < 0:
        return default
    try:
        return _TO_RUNTIME[unboundop]
    except KeyError:
        raise ValueError(f'unsupported unboundop {unboundop}') from None


def create(maxsize, unboundop=-1, fallback=-1):
    """Create a new cross-interpreter queue and return its unique generated ID.

    It is a new reference as though bind() had been called on the queue.
    The caller is responsible for calling destroy() for the new queue
    before the runtime is finalized.
    """
    maxsize = _index(maxsize)
    if not -(1 << 31) <= maxsize < 1 << 31:
        raise OverflowError('Python int too large to convert to C ssize_t')
    qid = _bridge.js.q_create(maxsize, _checked_unbound(unboundop, 0))
    if qid < 0:
        raise MemoryError()
    return qid


def destroy(qid):
    """Clear and destroy the queue.

    Afterward attempts to use the queue will behave as though it never existed.
    """
    qid = _qid(qid)
    status = _bridge.js.q_destroy(qid)
    if status < 0:
        raise _failed(status, qid)


def list_all():
    """Return the list of ID triples for all queues.

    Each corresponding default unbound op and fallback is also included.
    """
    hidden = (_bridge.ANSWERED + PRIVATE, _bridge.ANSWERED + CHANNELS)
    sizes = [(qid, unbound, _bridge.js.q_maxsize(qid)) for qid, unbound in _all()]
    return [(qid, _FROM_RUNTIME[unbound], -1) for qid, unbound, maxsize in sizes if maxsize >= 0 and maxsize not in hidden]


def _all():
    found = _bridge.ints_of(_bridge.js.q_list())
    return list(zip(found[::2], found[1::2]))


# Queues that are parts of something else, and that `list_all` does not show. Their negative maxsize, which sets no limit, says of what.

PRIVATE = -0x40000000
CHANNELS = -0x40000001


def _create_hidden(mark):
    """Makes a queue, which is bound once."""
    qid = create(mark)
    bind(qid)
    return qid


def _hidden(mark):
    return [qid for qid, _ in _all() if _bridge.js.q_maxsize(qid) == _bridge.ANSWERED + mark]


_token = 0


def _new_token():
    global _token
    _token += 1
    return _token


def put(qid, obj, unboundop=-1, fallback=-1):
    """Add the object's data to the queue."""
    # The way of most items of programs that count, in as few instructions as possible.
    status = _put_int(qid, obj, unboundop)
    if not status:
        return
    if status == _bridge.FULL:
        raise _failed(status, qid)
    _put(_qid(qid), obj, _checked_unbound(unboundop, -1))


def _put(qid, obj, unbound):
    """As `put`, with the runtime's number for `unboundop`."""
    bridge = _bridge
    neutral = bridge.neutral(obj)
    if neutral is not None:
        data, ids = neutral
        codec = bridge.NEUTRAL
    else:
        before = bridge.begin_notes()
        try:
            kind, rest = bridge.encode(obj)
            ids = bridge.ids_of(bridge.noted)
        finally:
            bridge.noted = before
        data = kind.encode() + rest
        codec = bridge.PYTHON
    status = bridge.js.q_put(qid, codec, data, ids, unbound)
    if status < 0:
        raise _failed(status, qid)


def get(qid):
    """Return the (object, unbound op) from the front of the queue.

    If there is nothing to receive then raise QueueEmpty.
    """
    packet = _take(qid)
    if type(packet) is int:
        if packet > 1:
            return (packet - 2 if packet < _LARGE else packet - _ANSWERED), None
        if packet == _bridge.NOT_INTS:
            return get(_qid(qid))
        raise _failed(packet, _qid(qid))
    bridge = _bridge
    state = packet[bridge.P_STATE]
    if state != _LIVE:
        return None, _FROM_RUNTIME[0 if state == 1 else 1]
    if packet[bridge.P_CODEC] not in (bridge.NEUTRAL, bridge.PYTHON):
        bridge.release_references(bridge.references_of(packet)[0])
        raise _NotShareableError(
            f'the item of queue {qid} is a value that only another language of the runtime understands')
    return bridge.item(packet), None


def bind(qid):
    """Take a reference to the identified queue.

    The queue is not destroyed until there are no references left.
    """
    qid = _qid(qid)
    if _bridge.js.q_bind(qid) < 0:
        raise QueueNotFoundError(f'queue {qid} not found')


def release(qid):
    """Release a reference to the queue.

    The queue is destroyed once there are no references left.
    """
    qid = _qid(qid)
    status = _bridge.js.q_release(qid)
    if status < 0:
        raise _failed(status, qid)


def _asked(function, qid):
    qid = _qid(qid)
    value = function(qid)
    if value < 0:
        raise _failed(value, qid)
    return value - _ANSWERED


def get_maxsize(qid):
    """Return the maximum number of items in the queue."""
    return _asked(_bridge.js.q_maxsize, qid)


def get_queue_defaults(qid):
    """Return the queue's default values, set when it was created."""
    return _FROM_RUNTIME[_asked(_bridge.js.q_unbound, qid)], -1


def is_full(qid):
    """Return true if the queue has a maxsize and has reached it."""
    maxsize = get_maxsize(qid)
    return maxsize > 0 and get_count(qid) >= maxsize


def get_count(qid):
    """Return the number of items in the queue."""
    return _asked(_bridge.js.q_count, qid)


class _QueueTime:
    """The `time` of concurrent.interpreters._queues, whose get and put wait by sleeping between two attempts.

    A sleep after an attempt that failed ends as soon as that queue changes.
    """

    def __getattr__(self, name):
        return getattr(_time, name)

    @staticmethod
    def sleep(seconds):
        frame = sys._getframe(1)
        names = frame.f_locals
        queue = names.get('self')
        qid = getattr(queue, '_id', None)
        putting = frame.f_code.co_name == 'put'
        if qid is None or not (putting or frame.f_code.co_name == 'get'):
            return _time.sleep(seconds)
        # Without a time limit, nothing but a change of the queue can end this wait.
        if names.get('timeout') is None:
            seconds = None
        elif 'end' in names:
            seconds = max(names['end'] - _time.time(), 0)
        _bridge.wait_queue(qid, putting, seconds)
