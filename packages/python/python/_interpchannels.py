"""The channels of `test.support.channels`, which came before the queues of concurrent.interpreters.

The names, the arguments and the errors are those of CPython 3.14's module of the same name.

All channels of the process are one value, which is the only item of a queue (the *cell*). Whoever takes the item owns it until it is put
back, so it is a lock, too. An operation takes it, changes it, and puts it back, and waits for nothing meanwhile.
"""
import marshal as _marshal
import time as _time
from operator import index as _index

import _interpbridge as _bridge
import _interpqueues as _queues
import _interpreters

__all__ = [
    "ChannelClosedError", "ChannelEmptyError", "ChannelError", "ChannelID", "ChannelInfo", "ChannelNotEmptyError",
    "ChannelNotFoundError", "close", "create", "destroy", "get_channel_defaults", "get_count", "get_info", "list_all",
    "list_interpreters", "recv", "release", "send", "send_buffer",
]


class ChannelError(RuntimeError):
    """Indicates that a channel-related error happened."""


class ChannelNotFoundError(ChannelError):
    """An operation tried to use a channel that was not found."""


class ChannelClosedError(ChannelError):
    """An operation tried to use a channel that is closed."""


class ChannelEmptyError(ChannelError):
    """An operation tried to receive from a channel that is empty."""


class ChannelNotEmptyError(ChannelError):
    """An operation tried to close a channel that is not empty."""


# Ids.


class ChannelID:
    """A channel ID identifies a channel and may be used as an int."""

    __slots__ = ("_id", "_end")

    def __new__(cls, id, *, send=None, recv=None, force=False, _resolve=False):
        return _channel_id(id, send=send, recv=recv, force=force, _resolve=_resolve)

    @property
    def end(self):
        """'send', 'recv', or 'both'"""
        return self._end

    @property
    def send(self):
        """the 'send' end of the channel"""
        return _new_id(self._id, "send")

    @property
    def recv(self):
        """the 'recv' end of the channel"""
        return _new_id(self._id, "recv")

    def __index__(self):
        return self._id

    __int__ = __index__

    def __str__(self):
        return str(self._id)

    def __repr__(self):
        end = "" if self._end == "both" else f", {self._end}=True"
        return f"{type(self).__name__}({self._id}{end})"

    def __hash__(self):
        return self._id

    def __eq__(self, other):
        if isinstance(other, ChannelID):
            return self._id == other._id and self._end == other._end
        if isinstance(other, (int, float)):
            return self._id == other
        return NotImplemented

    def __reduce__(self):
        return _received_id, (self._id, self._end)


    def __del__(self):
        left = _objects[self._id] = _objects[self._id] - 1
        if left == 0:
            # Not here: this may run at any time, also while this thread owns the state.
            _changed.add(self._id)


#: How many ids of each channel this interpreter has. A channel ends with the last one in the process.
_objects = {}
#: Channels that this interpreter has begun to hold, or holds no more.
_changed = set()


def _new_id(cid, end):
    self = object.__new__(ChannelID)
    self._id = cid
    self._end = end
    count = _objects.get(cid, 0)
    _objects[cid] = count + 1
    if count == 0:
        _changed.add(cid)
    return self


def _received_id(cid, end):
    self = _new_id(cid, end)
    if cid in _changed:
        try:
            with _State():
                pass  # notes that this interpreter holds it
        except ChannelError:
            pass
    return self


def _cid(arg):
    if isinstance(arg, ChannelID):
        return arg._id
    if isinstance(arg, (float, bytes)) or not hasattr(type(arg), "__index__"):
        raise TypeError(f"channel ID must be an int, got {type(arg).__name__}")
    cid = _index(arg)
    if cid < 0:
        raise ValueError(f"channel ID must be a non-negative int, got {arg!r}")
    if cid >= 1 << 63:
        raise OverflowError("int too big to convert")
    return cid


def _channel_id(id, *, send=None, recv=None, force=False, _resolve=False):
    end = "both"
    if isinstance(id, ChannelID):
        end = id._end
    cid = _cid(id)
    if send is not None or recv is not None:
        send, recv = bool(send), bool(recv)
        if send == recv:
            if not send:
                raise ValueError("'send' and 'recv' cannot both be False")
            end = "both"
        else:
            end = "send" if send else "recv"
    if not force:
        with _State() as state:
            state.channel(cid, closed=True)
    return _received_id(cid, end)


def _register_end_types(send, recv):
    if not (isinstance(send, type) and isinstance(recv, type)):
        raise TypeError("expected a type for each of the arguments")
    for cls in (send, recv):
        _bridge.share_type(cls, _share_end)


def _share_end(end):
    if not isinstance(end._id, ChannelID):
        raise TypeError(
            f"'_id' attribute must be an _interpchannels.ChannelID object, not {type(end._id).__name__}")


_bridge.share_type(ChannelID, None)


# The state of all channels: (the next id, {id: channel}, ids of queues that items refer to).

#: A channel: a list of these.
_ITEMS, _SEND, _RECV, _UNBOUND, _FALLBACK, _OPEN, _CLOSING, _HOLDERS = range(8)
#: `holders` are the interpreters that have an id of the channel. A closed channel is None.
#: An item: a list of these. `ack` is the id of the queue on which its sender waits, or -1; `kind` is that of `_bridge.encode`.
_SENDER, _ACK, _ITEM_UNBOUND, _KIND, _DATA, _REFERENCES = range(6)

_REMOVE = 1
#: Of the runtime: the item outlives the interpreter that put it.
_KEEP = 3
#: Seconds. An operation owns the state for microseconds.
_LOST = 10
#: How the sender of an item learns what became of it.
_TAKEN, _CLOSED = 1, 2

_EMPTY_STATE = (0, {})
#: Memory that is sent within one interpreter: the receiver gets the same.
_buffers = {}


def _cell():
    """The queue whose item is the state."""
    cell = _find_cell()
    if cell is None:
        own = _queues._create_hidden(_queues.CHANNELS)
        cell = _find_cell()
        if cell == own:
            _queues._put(cell, _marshal.dumps(_EMPTY_STATE), _KEEP)
        else:
            _queues.release(own)
    return cell


_known_cell = None


def _find_cell():
    global _known_cell
    if _known_cell is None:
        _known_cell = min(_queues._hidden(_queues.CHANNELS), default=None)
        if _known_cell is not None:
            _queues.bind(_known_cell)
    return _known_cell


class _State:
    """Owns the state while a `with` block runs."""

    def __enter__(self):
        self.cell = _cell()
        deadline = _time.monotonic() + _LOST
        while True:
            try:
                data, _ = _queues.get(self.cell)
                break
            except _queues._empty:
                left = deadline - _time.monotonic()
                if left <= 0:
                    raise ChannelError("the state of all channels is lost: an interpreter was terminated while it changed it") from None
                _bridge.wait_queue(self.cell, False, left)
        self.data = data
        self.next, self.channels = _marshal.loads(data)
        self.me = _bridge.js.i_current()
        self.wakes = []
        self._forget_the_dead()
        self._count_ids()
        return self

    def __exit__(self, *exc):
        _queues._put(self.cell, _marshal.dumps((self.next, self.channels)), _KEEP)
        for ack, what in self.wakes:
            try:
                _queues._put(ack, what, _KEEP)
            except _queues.QueueError:
                pass  # it does not wait any more
        _release_received(self)

    def _count_ids(self):
        while _changed:
            cid = _changed.pop()
            held = _objects.get(cid, 0) > 0
            if not held:
                _objects.pop(cid, None)
            channel = self.channels.get(cid)
            if channel is None:
                continue
            if held:
                if self.me not in channel[_HOLDERS]:
                    channel[_HOLDERS].append(self.me)
            elif self.me in channel[_HOLDERS]:
                channel[_HOLDERS].remove(self.me)
                self.end_unless_held(cid, channel)

    def end_unless_held(self, cid, channel):
        if not channel[_HOLDERS]:
            self.drop(channel)
            del self.channels[cid]

    def _forget_the_dead(self):
        used = set()
        for channel in self.channels.values():
            if channel is not None:
                used.update(channel[_SEND], channel[_RECV], channel[_HOLDERS], (item[_SENDER] for item in channel[_ITEMS]))
        used.discard(self.me)
        used.discard(-1)
        if not used:
            return
        dead = used - {id for id, _ in _interpreters.list_all()}
        if not dead:
            return
        for cid, channel in list(self.channels.items()):
            if channel is None:
                continue
            for item in channel[_ITEMS][:]:
                if item[_SENDER] in dead:
                    if item[_ITEM_UNBOUND] == _REMOVE:
                        channel[_ITEMS].remove(item)
                    else:
                        item[:] = [-1, -1, item[_ITEM_UNBOUND], "", b"", (0, ())]
            for end in (_SEND, _RECV):
                for id in dead:
                    if id in channel[end]:
                        channel[end][id] = False
            if any(id in channel[end] for id in dead for end in (_SEND, _RECV)):
                _update_open(channel)
            if not dead.isdisjoint(channel[_HOLDERS]):
                channel[_HOLDERS] = [id for id in channel[_HOLDERS] if id not in dead]
                self.end_unless_held(cid, channel)

    def channel(self, cid, closed=False):
        """The channel. `closed`: one that was closed is found, too."""
        if cid not in self.channels:
            raise ChannelNotFoundError(f"channel {cid} not found")
        channel = self.channels[cid]
        if not closed and (channel is None or not channel[_OPEN]):
            raise ChannelClosedError(f"channel {cid} is closed")
        return channel

    def use(self, cid, channel, end):
        """Notes that this interpreter uses the end of the channel."""
        if channel[end].setdefault(self.me, True) is False:
            raise ChannelClosedError(f"channel {cid} is already closed")

    def drop(self, channel):
        """Drops the channel's items. Their senders must not wait for ever."""
        for item in channel[_ITEMS]:
            if item[_ACK] >= 0:
                self.wakes.append((item[_ACK], _CLOSED))
        channel[_ITEMS] = []


def _update_open(channel):
    ends = (*channel[_SEND].values(), *channel[_RECV].values())
    channel[_OPEN] = not ends or any(ends)


#: Queues in items that this interpreter has sent: it holds them until the item is gone. By the number of the item.
_kept = {}


def _keep(qids):
    for qid in qids:
        _queues.bind(qid)
    token = _queues._new_token()
    _kept[token] = qids
    return token, qids


def _bind(qids):
    bound = []
    for qid in qids:
        try:
            _queues.bind(qid)
            bound.append(qid)
        except _queues.QueueError:
            pass  # it was destroyed
    return bound


def _release(qids):
    for qid in qids:
        try:
            _queues.release(qid)
        except _queues.QueueError:
            pass  # it was destroyed


def _release_received(state):
    """Gives back the queues in items of this interpreter that are not in a channel any more."""
    if not _kept:
        return
    waiting = {
        item[_REFERENCES][0]
        for channel in state.channels.values()
        if channel is not None
        for item in channel[_ITEMS]
        if item[_SENDER] == state.me
    }
    for token in [token for token in _kept if token not in waiting]:
        _release(_kept.pop(token))


# The module's functions.


def create(unboundop=-1, fallback=-1):
    """channel_create(unboundop) -> cid

    Create a new cross-interpreter channel and return a unique generated ID."""
    if unboundop < 0:
        unboundop = 3
    elif unboundop not in (1, 2, 3):
        raise ValueError(f"unsupported unboundop {unboundop}")
    with _State() as state:
        cid = state.next
        state.next += 1
        state.channels[cid] = [[], {}, {}, unboundop, fallback, True, False, [state.me]]
    return _new_id(cid, "both")


def destroy(cid):
    """channel_destroy(cid)

    Close and finalize the channel.  Afterward attempts to use the channel
    will behave as though it never existed."""
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid, closed=True)
        if channel is not None:
            state.drop(channel)
        del state.channels[cid]


def list_all():
    """channel_list_all() -> [(cid, unboundop, fallback)]

    Return the list of all IDs for active channels."""
    with _State() as state:
        return [
            (_new_id(cid, "both"), channel[_UNBOUND], channel[_FALLBACK])
            for cid, channel in sorted(state.channels.items())
            if channel is not None
        ]


def list_interpreters(cid, *, send):
    """channel_list_interpreters(cid, *, send) -> [id]

    Return the list of all interpreter IDs associated with an end of the channel.
    The 'send' argument should be a boolean indicating whether to use the send or
    receive end."""
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid)
        if send and channel[_CLOSING]:
            raise ChannelClosedError(f"channel {cid} is closed")
        return sorted(id for id, open in channel[_SEND if send else _RECV].items() if open)


def send(cid, obj, unboundop=-1, fallback=-1, *, blocking=True, timeout=None):
    """channel_send(cid, obj, *, blocking=True, timeout=None)

    Add the object's data to the channel's queue.
    By default this waits for the object to be received."""
    before = _bridge.begin_notes()
    try:
        kind, data = _bridge.encode(obj)
        references = _bridge.noted
    finally:
        _bridge.noted = before
    _send(cid, kind, data, references, unboundop, blocking, timeout)


def send_buffer(cid, obj, unboundop=-1, fallback=-1, *, blocking=True, timeout=None):
    """channel_send_buffer(cid, obj, *, blocking=True, timeout=None)

    Add the object's buffer to the channel's queue.
    By default this waits for the object to be received."""
    view = memoryview(obj)
    token = _queues._new_token()
    _buffers[token] = view
    try:
        _send(cid, "B", (token, view.tobytes()), [], unboundop, blocking, timeout)
    except BaseException:
        _buffers.pop(token, None)
        raise


def _send(cid, kind, data, references, unboundop, blocking, timeout):
    cid = _cid(cid)
    if timeout is not None:
        if not blocking:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0:
            raise ValueError("timeout value must be a non-negative number")
    if unboundop >= 0 and unboundop not in (1, 2, 3):
        raise ValueError(f"unsupported unboundop {unboundop}")
    ack = _queues._create_hidden(_queues.PRIVATE) if blocking else -1
    try:
        kept = _keep(references) if references else (0, ())
        with _State() as state:
            channel = state.channel(cid)
            if channel[_CLOSING]:
                raise ChannelClosedError(f"channel {cid} is closed")
            state.use(cid, channel, _SEND)
            unbound = channel[_UNBOUND] if unboundop < 0 else unboundop
            channel[_ITEMS].append([state.me, ack, unbound, kind, data, kept])
        if blocking:
            _await_receiver(cid, ack, timeout)
    finally:
        if ack >= 0:
            _queues.release(ack)


def _await_receiver(cid, ack, timeout):
    deadline = None if timeout is None else _time.monotonic() + timeout
    while True:
        try:
            what, _ = _queues.get(ack)
        except _queues._empty:
            left = None if deadline is None else deadline - _time.monotonic()
            if left is not None and left <= 0:
                if _take_back(cid, ack):
                    raise TimeoutError("timed out") from None
                continue
            try:
                _bridge.wait_queue(ack, False, left)
            except BaseException:
                _take_back(cid, ack)
                raise
        else:
            if what == _CLOSED:
                raise ChannelClosedError(f"channel {cid} is closed")
            return


def _take_back(cid, ack):
    """Removes the item whose sender waits on `ack`. Returns false if it has been received, or dropped, and the sender will be told."""
    with _State() as state:
        channel = state.channels.get(cid)
        for item in channel[_ITEMS] if channel is not None else ():
            if item[_ACK] == ack:
                channel[_ITEMS].remove(item)
                return True
    return False


_NO_DEFAULT = object()


def recv(cid, default=_NO_DEFAULT):
    """channel_recv(cid, [default]) -> (obj, unboundop)

    Return a new object from the data at the front of the channel's queue.

    If there is nothing to receive then raise ChannelEmptyError, unless
    a default value is provided.  In that case return it."""
    cid = _cid(cid)
    item = None
    with _State() as state:
        channel = state.channel(cid)
        state.use(cid, channel, _RECV)
        if channel[_ITEMS]:
            item = channel[_ITEMS].pop(0)
            # Its sender may give them back as soon as the item is gone.
            bound = _bind(item[_REFERENCES][1])
            if item[_ACK] >= 0:
                state.wakes.append((item[_ACK], _TAKEN))
            if channel[_CLOSING] and not channel[_ITEMS]:
                state.channels[cid] = None
    if item is None:
        _bridge.pause()
        if default is _NO_DEFAULT:
            raise ChannelEmptyError(f"channel {cid} is empty")
        return default, None
    sender, _, unboundop, kind, data, _ = item
    if sender < 0:
        return None, unboundop
    try:
        if kind != "B":
            return _bridge.decode(kind, data), None
        token, data = data
        view = _buffers.pop(token, None) if sender == _bridge.js.i_current() else None
        return memoryview(bytearray(data)) if view is None else view, None
    finally:
        _release(bound)


def close(cid, *, send=False, recv=False, force=False):
    """channel_close(cid, *, send=None, recv=None, force=False)

    Close the channel for all interpreters.

    If the channel is empty then the keyword args are ignored and both
    ends are immediately closed.  Otherwise, if 'force' is True then
    all queued items are released and both ends are immediately
    closed.

    If the channel is not empty *and* 'force' is False then following
    happens:

     * recv is True (regardless of send):
       - raise ChannelNotEmptyError
     * recv is None and send is None:
       - raise ChannelNotEmptyError
     * send is True and recv is not True:
       - fully close the 'send' end
       - close the 'recv' end to interpreters not already receiving
       - fully close it once empty

    Closing an already closed channel results in a ChannelClosedError."""
    only_send = bool(send) and not recv
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid, closed=True)
        if channel is None or not channel[_OPEN] or (only_send and not force and channel[_CLOSING]):
            raise ChannelClosedError(f"channel {cid} is closed")
        if channel[_ITEMS] and not force:
            if not only_send:
                raise ChannelNotEmptyError(f"channel {cid} may not be closed if not empty (try force=True)")
            channel[_CLOSING] = True
            return
        state.drop(channel)
        state.channels[cid] = None


def release(cid, *, send=False, recv=False, force=False):
    """channel_release(cid, *, send=None, recv=None, force=True)

    Close the channel for the current interpreter.  'send' and 'recv'
    (bool) may be used to indicate the ends to close.  By default both
    ends are closed.  Closing an already closed end is a noop."""
    if not send and not recv:
        send = recv = True
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid)
        if send:
            channel[_SEND][state.me] = False
        if recv:
            channel[_RECV][state.me] = False
        _update_open(channel)


def get_count(cid):
    """get_count(cid)

    Return the number of items in the channel."""
    cid = _cid(cid)
    with _State() as state:
        return len(state.channel(cid)[_ITEMS])


def get_channel_defaults(cid):
    """get_channel_defaults(cid)

    Return the channel's default values, set when it was created."""
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid)
        return channel[_UNBOUND], channel[_FALLBACK]


get_queue_defaults = get_channel_defaults


class ChannelInfo(tuple):
    """ChannelInfo

    A named tuple of a channel's state."""

    __slots__ = ()
    _fields = (
        "open", "closing", "closed", "count",
        "num_interp_send", "num_interp_send_released", "num_interp_recv", "num_interp_recv_released",
        "num_interp_both", "num_interp_both_recv_released", "num_interp_both_send_released", "num_interp_both_released",
        "send_associated", "send_released", "recv_associated", "recv_released",
    )

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
        return f"_interpchannels.ChannelInfo({values})"


def _field(i):
    return property(lambda self: self[i])


for _i, _name in enumerate(ChannelInfo._fields):
    setattr(ChannelInfo, _name, _field(_i))
del _i, _name


def get_info(cid):
    """get_info(cid)

    Return details about the channel."""
    cid = _cid(cid)
    with _State() as state:
        channel = state.channel(cid, closed=True)
        if channel is None or not channel[_OPEN]:
            return ChannelInfo((False, False, True, 0) + (0,) * 8 + (False,) * 4)
        sends, receives, me = channel[_SEND], channel[_RECV], state.me
        numbers = [0] * 8
        for id in {**sends, **receives}:
            if id not in receives:
                numbers[0 if sends[id] else 1] += 1
            elif id not in sends:
                numbers[2 if receives[id] else 3] += 1
            else:
                numbers[4 + (not receives[id]) + 2 * (not sends[id])] += 1
        return ChannelInfo((
            not channel[_CLOSING], channel[_CLOSING], False, len(channel[_ITEMS]), *numbers,
            me in sends, sends.get(me) is False, me in receives, receives.get(me) is False,
        ))
