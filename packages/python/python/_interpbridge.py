"""The door between Python's shims and the runtime: functions that take ints and bytes, and answer with ints and packets of bytes.

Wherever Python calls or returns, a signal handler or a finalizer of the user's may run and come through this door itself. So no value may lie in a place that
both would use.

An object travels encoded. What every language of the runtime can read (None, bool, int of 64 bits, float, str, bytes, tuples of these,
queues) is written by marshal, version 2, and transcoded on the JavaScript side. Everything else is Python's own: one byte that says
how, and the bytes.

    M  marshal               P  pickle, behind the name of the file that __main__ came from
    C  the code object of a stateless function     V  the bytes of a memoryview     D  an empty dict
    T  marshal of a tuple of (kind, bytes), item by item     Q  the id of a queue

Records keep the queues alive that they carry, so encoding notes the ids of all queues in `noted`, for the one who called `begin_notes`.
"""

import copyreg
import marshal
import pickle
import sys
import types

__all__ = []

# Of a packet, as the functions of bridge.ts answer with (exchange.ts): state, codec tag and number of references, then the references and the data.
P_STATE = 0
P_CODEC = 1
P_COUNT = slice(4, 8)
P_REFERENCES = 8

NEUTRAL = 0
PYTHON = 2

OK = 0
EMPTY = -1
FULL = -2
NOT_FOUND = -3
SHUT = -4
NO_MEMORY = -5
BUSY = -6
DEADLOCK = -8
#: The value is not one that every language can read.
NOT_NEUTRAL = -20
NEVER_BOUND = -22
#: An argument was no int.
NOT_INTS = -23
#: What is added to an int that is an answer, since statuses are negative.
ANSWERED = 1 << 33

REF_QUEUE = 1
REF_INTERPRETER = 2
REF_UNBOUND = 3

#: Stands for a reference in marshalled data. marshal knows this object, and no value that is sent as marshal contains it.
MARK = StopIteration

#: The functions of bridge.ts, once it is attached.
js = None


def attach(functions):
    """Called by attach.ts when Python has booted. It adds the functions that are builtins."""
    global js
    js = types.SimpleNamespace(**{name: getattr(functions, name) for name in functions.names()})


def accept_interrupts():
    """Called in an interpreter that is not the main one: time limits and signals of its callers interrupt its work."""
    import signal
    signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(number, frame):
    # A late one may have been meant for work that has ended.
    if js.interrupted():
        import _interp_threads
        _interp_threads.interrupt()


# Waiting. Layers that can switch to other threads of this interpreter replace these.

def block_operation(token):
    """Blocks this interpreter until the operation has its outcome, or a signal handler of Python raises an exception."""
    # A signal ends the wait, but Python looks for it only after some instructions.
    while not js.i_block(token):
        pass


def wait_operation(token):
    """Waits until the operation has its outcome."""
    block_operation(token)


def wait_queue(qid, putting, seconds):
    """Waits until queue `qid` may have an item, or (`putting`) room, for `seconds` at most (None: for ever)."""
    js.q_wait(qid, putting, -1 if seconds is None else seconds * 1000)


def pause():
    """Lets other threads of this interpreter run, without waiting for anything."""


#: The name of the thread in another interpreter that called a function here: there it is the same thread that runs.
caller_name = None


def thread_name():
    """The name of the current thread, if it was given one."""


# Values.

_PLAIN = frozenset({type(None), bool, float, str, bytes})
_INT_MIN = -(1 << 63)
_INT_MAX = (1 << 63) - 1

#: Set by _interpqueues: the class of queues, and of interpreters.
queue_type = None
noted = []
#: The list that gets the queues of what is pickled now.
_noting = None


def begin_notes():
    """Has `noted` be a new list. Returns the one before, which must be bound again."""
    global noted
    before, noted = noted, []
    return before



def register_queue_type(cls):
    global queue_type
    queue_type = cls
    copyreg.pickle(cls, _reduce_queue)


def _reduce_queue(queue):
    if _noting is not None:
        _noting.append(queue._id)
    return (type(queue), (queue._id,))


def _is_plain(obj):
    """Whether marshal writes the object as every language of the runtime can read it."""
    cls = type(obj)
    if cls in _PLAIN:
        return True
    if cls is int:
        return _INT_MIN <= obj <= _INT_MAX
    if cls is tuple:
        for item in obj:
            if type(item) not in _PLAIN and not _is_plain(item):
                return False
        return True
    return False


def is_shareable(obj):
    cls = type(obj)
    if cls is tuple:
        return all(map(is_shareable, obj))
    return cls in _PLAIN or cls is int or cls is memoryview or (cls is queue_type and queue_type is not None) or cls in _shared_types


#: Further types whose objects are shareable, by pickling. The value checks an object before.
_shared_types = {}


def share_type(cls, check):
    _shared_types[cls] = check


def _with_marks(obj, ids):
    """The object with marks in place of queues, whose ids it appends to `ids`, or NotImplemented if it has parts that are not neutral."""
    cls = type(obj)
    if cls is queue_type:
        ids.append(obj._id)
        return MARK
    if cls is tuple:
        items = []
        for item in obj:
            item = _with_marks(item, ids)
            if item is NotImplemented:
                return item
            items.append(item)
        return tuple(items)
    return obj if _is_plain(obj) else NotImplemented


def neutral(obj):
    """The object as neutral data, and the ids of the queues in it as bytes, or None."""
    if _is_plain(obj):
        return marshal.dumps(obj, 2), b''
    ids = []
    marked = _with_marks(obj, ids) if queue_type is not None else NotImplemented
    return None if marked is NotImplemented else (marshal.dumps(marked, 2), ids_of(ids))


class NotShareableError(TypeError):
    """An object could not be sent to another interpreter."""

    __module__ = 'concurrent.interpreters'


def _not_shareable(obj, cause=None):
    error = NotShareableError(f'{_shown(obj, str)} does not support cross-interpreter data')
    error.__cause__ = cause
    return error


def _shown(obj, show=repr):
    try:
        return show(obj)
    except Exception:
        return object.__repr__(obj)


def _main_file():
    main = sys.modules.get('__main__')
    name = getattr(main, '__file__', None)
    return name if isinstance(name, str) else ''


def _pickled(obj):
    global _noting
    before, _noting = _noting, noted
    try:
        data = pickle.dumps(obj)
    except Exception as exc:
        raise _not_shareable(obj, exc)
    finally:
        _noting = before
    return marshal.dumps((_main_file() if b'__main__' in data else '', data), 2)


#: By the id of a code object: it, the globals of its function, and its bytes, or why it has none. Python would hash all of a code object.
_functions = {}


def stateless(func):
    """Raises ValueError unless the function uses nothing but its arguments and builtins. Returns its code as bytes."""
    code = func.__code__
    if code.co_freevars:
        raise ValueError('closures not supported')
    if func.__defaults__ or func.__kwdefaults__:
        raise ValueError('defaults not supported')
    known = _functions.get(id(code))
    if known is None or known[0] is not code or known[1] is not func.__globals__:
        if len(_functions) > 1000:
            _functions.clear()
        try:
            _check_code(code, func.__globals__)
        except ValueError as error:
            # A pool sends one such function with each of its tasks.
            data = str(error)
        else:
            data = marshal.dumps(code)
        _functions[id(code)] = known = (code, func.__globals__, data)
    data = known[2]
    if type(data) is str:
        raise ValueError(data)
    return data


#: By function: its module, its name there, and its pickle.
_named = {}


def _pickled_function(func):
    """As `_pickled`, for a function. A function that its module has under its name is pickled once."""
    known = _named.get(func)
    if known is not None:
        module, name, data = known
        if func.__module__ == module and getattr(sys.modules.get(module), name, None) is func:
            return data
    data = _pickled(func)
    module, name = func.__module__, func.__qualname__
    # The pickle of a function of __main__ depends on the file of that.
    if module != '__main__' and getattr(sys.modules.get(module), name, None) is func:
        if len(_named) > 1000:
            _named.clear()
        _named[func] = module, name, data
    return data


def _check_code(code, namespace):
    import builtins
    import dis
    if code.co_freevars:
        raise ValueError('closures not supported')
    for instruction in dis.get_instructions(code):
        if instruction.opname in ('LOAD_GLOBAL', 'LOAD_NAME', 'STORE_GLOBAL', 'DELETE_GLOBAL'):
            name = instruction.argval
            if instruction.opname != 'LOAD_GLOBAL' or name in namespace or not hasattr(builtins, name):
                raise ValueError('globals not supported')
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            for instruction in dis.get_instructions(const):
                if instruction.opname == 'LOAD_GLOBAL' and (
                        instruction.argval in namespace or not hasattr(builtins, instruction.argval)):
                    raise ValueError('globals not supported')


_FUNCTION = types.FunctionType
_NO_ITEMS = 'M', marshal.dumps((), 2)
EMPTY_DICT = 'D', b''


def encode(obj, fallback=True):
    """Encodes for another Python interpreter: (kind, bytes). Notes queues, after those that are noted already."""
    cls = type(obj)
    if cls in _PLAIN or (cls is int and _INT_MIN <= obj <= _INT_MAX):
        return 'M', marshal.dumps(obj, 2)
    if cls is tuple:
        if not obj:
            return _NO_ITEMS
        if _is_plain(obj):
            return 'M', marshal.dumps(obj, 2)
        return 'T', marshal.dumps(tuple(encode(item, fallback) for item in obj), 2)
    if cls is _FUNCTION and fallback:
        if obj in _named:
            return 'P', _pickled_function(obj)
        try:
            return 'C', stateless(obj)
        except ValueError:
            return 'P', _pickled_function(obj)
    if cls is queue_type and queue_type is not None:
        noted.append(obj._id)
        return 'Q', obj._id.to_bytes(4, 'little')
    if cls is memoryview:
        return 'V', obj.tobytes()
    if cls in _shared_types:
        check = _shared_types[cls]
        if check is not None:
            check(obj)
        return 'P', _pickled(obj)
    if not fallback:
        if cls is int:
            raise OverflowError('try sending as bytes')
        raise _not_shareable(obj)
    if cls is dict and not obj:
        return EMPTY_DICT
    return 'P', _pickled(obj)


#: By their bytes: code objects of stateless functions that were called here.
_codes = {}


def _code(data):
    code = _codes.get(data)
    if code is None:
        if len(_codes) > 1000:
            _codes.clear()
        _codes[data] = code = marshal.loads(data)
    return code


def decode(kind, data):
    if kind == 'M':
        return marshal.loads(data)
    if kind == 'P':
        return _unpickled(*marshal.loads(data))
    if kind == 'T':
        return tuple(decode(*item) for item in marshal.loads(data))
    if kind == 'Q':
        return _queue(int.from_bytes(data, 'little'))
    if kind == 'C':
        return types.FunctionType(_code(data), sys.modules['__main__'].__dict__)
    if kind == 'D':
        return {}
    if kind == 'V':
        return memoryview(bytes(data))
    raise ValueError(f'unknown kind of data {kind!r}')


def _queue(qid):
    from concurrent.interpreters import _queues
    return _queues.Queue(qid)


#: By file: the module that stands for another interpreter's __main__.
_fake_mains = {}


def _unpickled(main_file, data):
    try:
        return pickle.loads(data)
    except AttributeError:
        if not main_file:
            raise
    # The object belongs to the __main__ of its sender: load that script under another name, once.
    module = _fake_mains.get(main_file)
    if module is None:
        import runpy
        module = types.ModuleType('__main__')
        module.__dict__.update(runpy.run_path(main_file, run_name='<fake __main__>'))
        _fake_mains[main_file] = module
    main = sys.modules['__main__']
    sys.modules['__main__'] = module
    try:
        return pickle.loads(data)
    finally:
        sys.modules['__main__'] = main


# References.

def ids_of(queues):
    """The ids of queues, as bytes."""
    return b''.join([qid.to_bytes(4, 'little') for qid in queues]) if queues else b''


def references_of(packet):
    """The references of a packet, triples of kind, pointer and id, and where its data begins."""
    count = int.from_bytes(packet[P_COUNT], 'little')
    if not count:
        return (), P_REFERENCES
    end = P_REFERENCES + count * 12
    return memoryview(packet)[P_REFERENCES:end].cast('i').tolist(), end


def release_references(references):
    """The data has been decoded. Gives back what came with it and nothing here binds."""
    triples = set(zip(references[::3], references[1::3], references[2::3]))
    for kind, pointer, id in triples:
        js.q_release_carried(kind, pointer, id)


def _referent(kind, id):
    if kind == REF_QUEUE:
        return _queue(id)
    if kind == REF_INTERPRETER:
        from concurrent import interpreters
        return interpreters.Interpreter(id)
    if kind == REF_UNBOUND:
        from concurrent.interpreters import _queues
        return _queues.UNBOUND
    raise NotShareableError('the value is one that only JavaScript understands')


def _without_marks(obj, references):
    if obj is MARK:
        kind, _, id = next(references)
        return _referent(kind, id)
    if type(obj) is tuple:
        return tuple(_without_marks(item, references) for item in obj)
    return obj


def ints_of(packet):
    """The integers of a list."""
    return memoryview(packet)[P_REFERENCES:].cast('i').tolist()


def from_neutral(packet):
    """The object in a packet, which was neutral."""
    references, start = references_of(packet)
    obj = marshal.loads(memoryview(packet)[start:])
    if references:
        try:
            triples = iter(zip(references[::3], references[1::3], references[2::3]))
            obj = _without_marks(obj, triples)
        finally:
            release_references(references)
    return obj


def item(packet):
    """The object in a packet, which another interpreter sent as a whole."""
    if packet[P_CODEC] == NEUTRAL:
        return from_neutral(packet)
    references, start = references_of(packet)
    kind = chr(packet[start])
    data = packet[start + 1:]
    if not references:
        return decode(kind, data)
    try:
        return decode(kind, data)
    finally:
        release_references(references)
