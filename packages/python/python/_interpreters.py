"""The interpreters of concurrent.interpreters, on the runtime's own: each has a thread and a Python of its own.

The names, the arguments and the errors are those of CPython 3.14's module of the same name.
"""

import builtins as _builtins
import marshal as _marshal
import sys as _sys
import types as _types
import _interpbridge as _bridge
from _interpbridge import NotShareableError, is_shareable as _is_shareable

__all__ = [
    'InterpreterError', 'InterpreterNotFoundError', 'NotShareableError',
    'WHENCE_UNKNOWN', 'WHENCE_RUNTIME', 'WHENCE_LEGACY_CAPI', 'WHENCE_CAPI', 'WHENCE_XI', 'WHENCE_STDLIB',
    'call', 'capture_exception', 'create', 'decref', 'destroy', 'exec', 'get_config', 'get_current', 'get_main', 'incref',
    'is_running', 'is_shareable', 'list_all', 'new_config', 'run_func', 'run_string', 'set___main___attrs', 'whence',
]

WHENCE_UNKNOWN = 0
WHENCE_RUNTIME = 1
WHENCE_LEGACY_CAPI = 2
WHENCE_CAPI = 3
WHENCE_XI = 4
WHENCE_STDLIB = 5


class InterpreterError(Exception):
    """A cross-interpreter operation failed."""

    __module__ = 'concurrent.interpreters'


class InterpreterNotFoundError(InterpreterError):
    """An interpreter was not found."""

    __module__ = 'concurrent.interpreters'


# Configurations: named ones, and the bits in which an interpreter's slot keeps its own.

_FLAGS = ('use_main_obmalloc', 'allow_fork', 'allow_exec', 'allow_threads', 'allow_daemon_threads', 'check_multi_interp_extensions')
_GILS = ('default', 'shared', 'own')
_CONFIGS = {
    'isolated': (0, 0, 0, 1, 0, 1, 'own'),
    'legacy': (1, 1, 1, 1, 1, 0, 'shared'),
    'empty': (0, 0, 0, 0, 0, 0, 'default'),
}
_CONFIGS[''] = _CONFIGS['default'] = _CONFIGS['isolated']
_CONFIG_BITS = 8


def _named_config(name):
    name.encode()
    if name not in _CONFIGS:
        raise ValueError(f"unsupported config name '{name}'")
    *flags, gil = _CONFIGS[name]
    return _types.SimpleNamespace(**{flag: bool(value) for flag, value in zip(_FLAGS, flags)}, gil=gil)


def new_config(name='isolated', /, **overrides):
    """Return a representation of a new PyInterpreterConfig.

    The name determines the initial values of the config.  Supported named
    configs are: default, isolated, legacy, and empty.

    Any keyword arguments are set on the corresponding config fields,
    overriding the initial values.
    """
    if not isinstance(name, str):
        raise TypeError(f'new_config() argument 1 must be str, not {type(name).__name__}')
    config = _named_config(name)
    for key, value in overrides.items():
        _set_field(config, key, value)
    return config


def _set_field(config, key, value):
    if key == 'gil':
        if not isinstance(value, str):
            raise TypeError("config key 'gil' must be str")
        if value not in _GILS:
            raise ValueError(f"unsupported interpreter config .gil value '{value}'")
        config.gil = value
    elif key in _FLAGS:
        if not isinstance(value, bool):
            raise TypeError(f'expected a bool for the config field {key!r}, got {type(value).__name__}')
        setattr(config, key, value)
    else:
        raise ValueError(f'unsupported config field {key!r}')


def _resolve_config(config):
    if config is None:
        return _named_config('isolated')
    if isinstance(config, str):
        return _named_config(config)
    try:
        fields = dict(vars(config))
    except TypeError:
        raise TypeError(f'bad config {config!r}') from None
    resolved = _types.SimpleNamespace()
    for key in (*_FLAGS, 'gil'):
        if key not in fields:
            raise ValueError(f'missing config key {key!r}')
        _set_field(resolved, key, fields.pop(key))
    if fields:
        raise ValueError(f'config got {len(fields)} extra keys')
    return resolved


def _config_bits(config):
    bits = 0
    for i, flag in enumerate(_FLAGS):
        bits |= getattr(config, flag) << i
    return bits | _GILS.index(config.gil) << len(_FLAGS)


def _config_from(bits):
    config = _types.SimpleNamespace(**{flag: bool(bits >> i & 1) for i, flag in enumerate(_FLAGS)})
    config.gil = _GILS[bits >> len(_FLAGS) & 3]
    return config


def _check_config(config):
    if config.use_main_obmalloc == 0 and not config.check_multi_interp_extensions:
        raise InterpreterError('interpreter creation failed') from RuntimeError(
            'per-interpreter obmalloc does not support single-phase init extension modules')
    if config.use_main_obmalloc and config.gil == 'own':
        raise InterpreterError('interpreter creation failed') from RuntimeError(
            "own GIL does not support shared obmalloc")


# Ids.

def _interp_id(arg):
    if type(arg) is int and 0 <= arg <= 0x7fffffff:
        return arg
    if isinstance(arg, bool) or not hasattr(type(arg), '__index__'):
        if not isinstance(arg, int):
            raise TypeError(f'interpreter ID must be an int, got {type(arg).__name__}')
    id = int(arg.__index__())
    if id < 0:
        raise ValueError(f'interpreter ID must be a non-negative int, got {arg!r}')
    if id >= 1 << 63:
        raise OverflowError('int too big to convert')
    return id


def _not_found(id):
    return InterpreterNotFoundError(f'unrecognized interpreter ID {id}')


def _whence_of(id):
    if id > 0x7fffffff:
        raise _not_found(id)
    known = _bridge.js.i_whence(id)
    if known < 0:
        raise _not_found(id)
    return known


def _resolve(arg, restrict, what):
    if type(arg) is int and 0 < arg <= 0x7fffffff and _bridge.js.i_whence(arg) == WHENCE_STDLIB:
        return arg
    id = _interp_id(arg)
    known = _whence_of(id)
    if restrict and known != WHENCE_STDLIB:
        raise InterpreterError(f'cannot {what} unrecognized interpreter {id}')
    return id


def whence(id):
    """Return an identifier for where the interpreter was created."""
    return _whence_of(_interp_id(id))


def get_current():
    """Return (ID, whence) of the current interpreter."""
    id = _bridge.js.i_current()
    return id, _whence_of(id)


def get_main():
    """Return (ID, whence) of the main interpreter."""
    return 0, WHENCE_RUNTIME


def list_all(*, require_ready=False):
    """Return a list containing the ID of every existing interpreter."""
    found = _bridge.ints_of(_bridge.js.i_list())
    return list(zip(found[::2], found[1::2]))


# Life.

def create(config='isolated', *, reqrefs=False):
    """Create a new interpreter and return a unique generated ID.

    The caller is responsible for destroying the interpreter before exiting,
    typically by using _interpreters.destroy().  This can be managed
    automatically by passing "reqrefs=True" and then using _incref() and
    _decref() appropriately.

    "config" must be a valid interpreter config or the name of a
    predefined config ('isolated' or 'legacy').  The default is 'isolated'.
    """
    return _create(config, reqrefs, WHENCE_STDLIB)


def _create(config, reqrefs, known_whence):
    try:
        config = _resolve_config(config)
        _check_config(config)
    except MemoryError as exc:
        raise InterpreterError('interpreter creation failed') from exc
    id = _bridge.js.i_create(_config_bits(config) | known_whence << _CONFIG_BITS, int(bool(reqrefs)))
    if id < 0:
        raise InterpreterError('interpreter creation failed') from RuntimeError(_bridge.js.last_error())
    return id


def destroy(id, *, restrict=False):
    """Destroy the identified interpreter.

    Attempting to destroy the current interpreter raises InterpreterError.
    So does an unrecognized ID.
    """
    id = _resolve(id, restrict, 'destroy')
    if id == _bridge.js.i_current():
        raise InterpreterError('cannot destroy the current interpreter')
    if id == 0:
        raise InterpreterError('cannot destroy the main interpreter')
    token = _bridge.js.i_close(id)
    if token == _bridge.BUSY:
        raise InterpreterError('interpreter running')
    if token == _bridge.NOT_FOUND:
        raise _not_found(id)
    if token < 0:
        raise InterpreterError(_bridge.js.last_error())
    try:
        # It waits for its threads, which may wait for one of ours.
        _bridge.wait_operation(token)
    finally:
        _bridge.js.i_forget(token)


def incref(id, *, implieslink=False, restrict=False):
    """Take a reference to the identified interpreter."""
    id = _resolve(id, restrict, 'incref')
    if _bridge.js.i_incref(id) < 0:
        raise _not_found(id)


def decref(id, *, restrict=False):
    """Drop a reference to the identified interpreter, which is destroyed with the last one."""
    id = _resolve(id, restrict, 'decref')
    _bridge.js.i_decref(id)


def is_running(id, *, restrict=False):
    """Return whether or not the identified interpreter is running."""
    id = _resolve(id, restrict, 'check if running for')
    status = _bridge.js.i_running(id)
    if status < 0:
        raise _not_found(id)
    return bool(status)


def get_config(id, *, restrict=False):
    """Return a representation of the config used to initialize the interpreter."""
    if id is None:
        id = _bridge.js.i_current()
    id = _resolve(id, restrict, 'get the config of')
    word = _bridge.js.i_word(id)
    if not word:
        config = _named_config('legacy')
        config.gil = 'own'
        return config
    return _config_from(word & ((1 << _CONFIG_BITS) - 1))


def is_shareable(obj):
    """Return true if the object's data may be shared between interpreters and false otherwise."""
    return _is_shareable(obj)


# Work: requests are marshalled tuples, replies too.

_CODE, _CALL, _SET, _TASK = range(4)
_DONE, _FAILED, _REFUSED = range(3)
#: An exception that could not be sent, and the text of it.
_REFUSED_RUNNING = 'interpreter already running'


def _request(id, request, ids):
    """Sends work to the interpreter, with the queues whose ids these bytes are, and waits for its reply."""
    token = _send(id, request, ids)
    try:
        _bridge.wait_operation(token)
    except BaseException:
        _bridge.js.i_forget(token)
        raise
    return _reply(token)


def _send(id, request, ids):
    """Sends work to the interpreter, which must be idle. Returns the token of the operation."""
    bridge = _bridge
    token = bridge.js.i_send(id, _marshal.dumps(request), ids)
    if token < 0:
        if token == bridge.BUSY or token == bridge.SHUT:
            raise InterpreterError(_REFUSED_RUNNING)
        if token == bridge.NO_MEMORY:
            raise MemoryError()
        if token == bridge.NOT_FOUND:
            # Only those that Python can run in take work. Main, for one, runs code of its own.
            if bridge.js.i_running(id) > 0:
                raise InterpreterError(_REFUSED_RUNNING)
            raise _not_found(id)
        raise InterpreterError(f'cannot reach interpreter {id} (status {token})')
    return token


def _reply(token):
    """The value of a reply, and the display of the exception that ended the work, or None."""
    bridge = _bridge
    packet = bridge.js.i_fetch(token)
    if type(packet) is int:
        raise InterpreterError(bridge.js.last_error())
    references, start = bridge.references_of(packet)
    try:
        reply = _marshal.loads(memoryview(packet)[start:])
        op = reply[0]
        if op == _DONE:
            return bridge.decode(reply[1], reply[2]), None
        if op == _FAILED:
            return None, _excinfo(reply[1:])
        _, kind, text, cause = reply
        error = {'NotShareableError': NotShareableError}.get(kind, InterpreterError)
        raise error(text) from (cause and error(cause))
    finally:
        if references:
            bridge.release_references(references)


def _excinfo(strings):
    name, qualname, module, msg, formatted, errdisplay = strings
    kind = _types.SimpleNamespace(__name__=name, __qualname__=qualname, __module__=module)
    info = _types.SimpleNamespace(type=kind, msg=msg, formatted=formatted)
    if errdisplay is not None:
        info.errdisplay = errdisplay
    return info


def _describe(exc, skip=0):
    """The six strings of an exception's excinfo. `skip`: how many frames of the traceback are ours."""
    cls = type(exc)
    module = cls.__module__
    try:
        msg = str(exc)
    except Exception:
        msg = None
    full = cls.__qualname__ if module in ('builtins', '__main__') else f'{module}.{cls.__qualname__}'
    formatted = f'{full}: {msg}' if msg else full
    try:
        import traceback
        trace = exc.__traceback__
        while skip > 0 and trace is not None:
            trace = trace.tb_next
            skip -= 1
        lines = traceback.TracebackException(cls, exc, trace).format()
        display = ''.join(lines).removesuffix('\n')
    except Exception:
        display = None
    return cls.__name__, cls.__qualname__, module, msg, formatted, display


def capture_exception(exc=None):
    """Return a snapshot of an exception.

    If "exc" is None then the current exception, if any, is used (but not cleared).
    """
    if exc is None:
        exc = _sys.exception()
        if exc is None:
            raise RuntimeError('No active exception to reraise')
    elif not isinstance(exc, BaseException):
        raise TypeError(f'expected exception, got {exc!r}')
    return _excinfo(_describe(exc))


_MISSING = object()


def _shared(shared, function, position):
    if shared is _MISSING:
        return None, b''
    if not isinstance(shared, dict):
        given = 'None' if shared is None else type(shared).__name__
        raise TypeError(f'_interpreters.{function}() argument {position} must be dict, not {given}')
    items = []
    before = _bridge.begin_notes()
    try:
        for name, value in shared.items():
            if not isinstance(name, str):
                raise TypeError(f'expected str, got {type(name).__name__}')
            name.encode()
            if '\0' in name:
                raise ValueError('embedded null character')
            items.append((name, _bridge.encode(value, False)))
        return tuple(items), _bridge.ids_of(_bridge.noted)
    finally:
        _bridge.noted = before


def set___main___attrs(id, updates, *, restrict=False):
    """Bind the given attributes in the interpreter's __main__ module."""
    id = _resolve(id, restrict, 'update __main__ for')
    shared, ids = _shared(updates, 'set___main___attrs', 2)
    if not shared:
        raise ValueError('arg 2 must be a non-empty mapping')
    _request(id, (_SET, shared), ids)


def _function_code(func):
    code = func.__code__
    if func.__closure__ or code.co_freevars:
        raise ValueError('closures not supported')
    return _plain_code(code)


def _plain_code(code):
    if code.co_argcount or code.co_posonlyargcount or code.co_kwonlyargcount or code.co_flags & 0x0c:
        raise ValueError('arguments not supported')
    if code.co_freevars:
        raise ValueError('closures not supported')
    import dis
    returns_none = True
    previous = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == 'RETURN_VALUE' and not (
                previous is not None and previous.opname == 'LOAD_CONST' and previous.argval is None):
            returns_none = False
        previous = instruction
    if not returns_none:
        raise ValueError('return values not supported')
    return code


def _script(code, what):
    if isinstance(code, str):
        text = str(code)
        text.encode()
        if '\0' in text:
            raise ValueError('source code string cannot contain null bytes')
        # A syntax error is the caller's.
        return (_CODE, compile(text, '<string>', 'exec', dont_inherit=True))
    if isinstance(code, _types.FunctionType):
        return (_CODE, _function_code(code))
    if isinstance(code, _types.CodeType):
        return (_CODE, _plain_code(code))
    raise TypeError(f'{what} must be a string, a function, or a code object, not {type(code).__name__}')


def _run(id, script, shared, function):
    shared, ids = _shared(shared, function, 3)
    return _request(id, (*script, shared), ids)[1]


def exec(id, code, shared=_MISSING, *, restrict=False):
    """Execute the provided code in the identified interpreter.

    This is equivalent to running the builtin exec() under the target
    interpreter, using the __dict__ of its __main__ module as both
    globals and locals.

    "code" may be a string containing the text of a Python script.

    Functions (and code objects) are also supported, with some restrictions.
    The code/function must not take any arguments or be a closure
    (i.e. have cell vars).  Methods and other callables are not supported.

    If a function is provided, its code object is used and all its state
    is ignored, including its __globals__ dict.
    """
    id = _resolve(id, restrict, 'exec code for')
    return _run(id, _script(code, 'exec() argument 2'), shared, 'exec')


def run_string(id, script, shared=_MISSING, *, restrict=False):
    """Execute the provided string in the identified interpreter."""
    id = _resolve(id, restrict, 'run a string for')
    if not isinstance(script, str):
        raise TypeError(f'run_string() argument 2 must be a string, not {type(script).__name__}')
    return _run(id, _script(script, 'run_string() argument 2'), shared, 'run_string')


def run_func(id, func, shared=_MISSING, *, restrict=False):
    """Execute the body of the provided function in the identified interpreter.

    Code objects are also supported.  In both cases, closures and args
    are not supported.  Methods and other callables are not supported either.
    """
    id = _resolve(id, restrict, 'run a function for')
    if not isinstance(func, (_types.FunctionType, _types.CodeType)):
        raise TypeError(f'run_func() argument 2 must be a function or a code object, not {type(func).__name__}')
    return _run(id, _script(func, 'run_func() argument 2'), shared, 'run_func')


def call(id, callable, args=None, kwargs=None, *, preserve_exc=False, restrict=False):
    """Call the provided object in the identified interpreter.

    Pass the given args and kwargs, if possible.
    """
    id = _resolve(id, restrict, 'make a call in')
    return _request(id, *_call_request(callable, args, kwargs))


def _begin_call(id, callable, args, kwargs, *, restrict=False):
    """As `call`, but returns the token of the operation, for `_reply`."""
    return _send(_resolve(id, restrict, 'make a call in'), *_call_request(callable, args, kwargs))


def _begin_task(id, results, func, args, kwargs):
    """As `_begin_call` of `do_call` of concurrent.futures.interpreter, the function that runs the tasks of a pool. `results` is the id of the queue that
    gets the exception of a task: as the caller holds it, it need not travel, and is bound there only if it is used."""
    bridge = _bridge
    before = bridge.begin_notes()
    try:
        func = bridge.encode(func)
        args = bridge.encode(args)
        kwargs = bridge.encode(kwargs) if kwargs else bridge.EMPTY_DICT
        ids = bridge.ids_of(bridge.noted)
    finally:
        bridge.noted = before
    return _send(id, (_TASK, results, func, args, kwargs, bridge.thread_name()), ids)


def _call_request(callable, args, kwargs):
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        raise TypeError(f"call() argument 'args' must be tuple, not {type(args).__name__}")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError(f"call() argument 'kwargs' must be dict, not {type(kwargs).__name__}")
    bridge = _bridge
    before = bridge.begin_notes()
    try:
        target = bridge.encode(callable)
        given = bridge.encode(args)
        named = bridge.encode(kwargs) if kwargs else None
        ids = bridge.ids_of(bridge.noted)
    finally:
        bridge.noted = before
    return (_CALL, target, given, named, bridge.thread_name()), ids


# The executing side.

#: Builtins that look at the frame which calls them.
_NEED_FRAME = frozenset(f for f in (
    _builtins.dir, _builtins.eval, _builtins.exec, _builtins.globals, _builtins.locals, _builtins.vars))


def _call_here(func, args, kwargs):
    if isinstance(func, _types.BuiltinFunctionType) and func in _NEED_FRAME:
        namespace = _sys.modules['__main__'].__dict__
        if func in (_builtins.exec, _builtins.eval):
            if len(args) == 1 and 'globals' not in kwargs:
                args = (*args, namespace)
        elif not args and not kwargs:
            return sorted(namespace) if func is _builtins.dir else namespace
    return func(*args, **kwargs)


class _Results:
    """The queue that gets the exception of a task."""

    __slots__ = ('_id',)

    def __init__(self, id):
        self._id = id

    def put(self, obj):
        _bridge._queue(self._id).put(obj)


def _execute(token):
    """Executes a request, and answers with the bytes of the reply."""
    bridge = _bridge
    packet = bridge.js.w_take(token)
    references, start = bridge.references_of(packet)
    op, *rest = _marshal.loads(memoryview(packet)[start:])
    # `value` keeps the queues in the reply until the record has them.
    reply, ids, value = _perform(op, rest, references)
    data = _DONE_NONE_DATA if reply is _DONE_NONE else _marshal.dumps(reply)
    bridge.js.w_answer(_DONE, bridge.PYTHON, data, ids)


def _warm_up():
    """Executes work of each kind, as `_execute` does with that of another Python interpreter."""
    bridge = _bridge
    nothing = bridge.encode(_nothing)
    arguments = bridge.encode((0, 'a', 0.5, None))
    for op, rest in (
            (_CALL, (nothing, arguments, None, None)), (_TASK, (0, nothing, arguments, bridge.encode({}), None)), (_SET, ((),)),
            (_CODE, (compile('pass', '<string>', 'exec'), None))):
        _marshal.dumps(_perform(op, list(_marshal.loads(_marshal.dumps(rest))), ())[0])


def _nothing(*args):
    pass


_DONE_NONE = (_DONE, *_bridge.encode(None))
_DONE_NONE_DATA = _marshal.dumps(_DONE_NONE)


def _perform(op, rest, references):
    bridge = _bridge
    namespace = _sys.modules['__main__'].__dict__
    try:
        try:
            if op == _CALL:
                target, given, named, bridge.caller_name = rest
                func = _load('func', target)
                args = _load('args', given)
                kwargs = _load('kwargs', named) if named else {}
            elif op == _TASK:
                results, func, args, kwargs, bridge.caller_name = rest
                func, args, kwargs = _load('args', func), _load('args', args), _load('args', kwargs)
            elif op == _SET:
                updates = [(name, bridge.decode(*value)) for name, value in rest[0] or ()]
            else:
                source, shared = rest
                updates = [(name, bridge.decode(*value)) for name, value in shared or ()]
        finally:
            if references:
                bridge.release_references(references)
    except _Unloaded as failure:
        return (_REFUSED, 'NotShareableError', f'{failure} not shareable', str(failure.__cause__)), b'', None
    except Exception as exc:
        return (_REFUSED, 'NotShareableError', f'object could not be unpickled: {type(exc).__name__}: {exc}', None), b'', None
    try:
        if op == _CALL:
            value = _call_here(func, args, kwargs)
        elif op == _TASK:
            from concurrent.futures.interpreter import do_call
            value = do_call(_Results(results), func, args, kwargs)
        else:
            for name, item in updates:
                namespace[name] = item
            if op != _SET:
                _builtins.exec(source, namespace)
            value = None
    except BaseException as exc:
        return (_FAILED, *_describe(exc, 2 if op == _CALL else 1)), b'', None
    if value is None:
        return _DONE_NONE, b'', None
    before = bridge.begin_notes()
    try:
        return (_DONE, *bridge.encode(value)), bridge.ids_of(bridge.noted), value
    except Exception as exc:
        return (_REFUSED, 'NotShareableError', str(exc), None), b'', None
    finally:
        bridge.noted = before


class _Unloaded(Exception):
    """A part of a call that could not be decoded."""


def _load(what, encoded):
    try:
        return _bridge.decode(*encoded)
    except Exception as exc:
        raise _Unloaded(what) from NotShareableError(f'object could not be unpickled: {type(exc).__name__}: {exc}')


# What JavaScript asks for.

def _from_js(op, text, filename, token):
    """Runs a script (`exec`), or calls the function that `text` names with the arguments behind the token, and answers with a neutral value."""
    bridge = _bridge
    try:
        if op == 'exec':
            code = compile(text, filename or '<string>', 'exec', dont_inherit=True)
            _builtins.exec(code, _sys.modules['__main__'].__dict__)
            value = None
        else:
            args = bridge.from_neutral(bridge.js.w_take(token))
            if op == 'prepare':
                namespace = _sys.modules['__main__'].__dict__
                for i in range(0, len(args), 2):
                    namespace[args[i]] = args[i + 1]
                value = None
            else:
                value = _call_here(_find(text), args, {})
    except BaseException as exc:
        return bridge.js.w_answer(_FAILED, bridge.NEUTRAL, _marshal.dumps(_describe(exc, 1), 2), b'')
    neutral = bridge.neutral(value)
    if neutral is None:
        return bridge.js.w_answer(_REFUSED, bridge.NEUTRAL, _marshal.dumps(f'it is {bridge._shown(value)[:200]}', 2), b'')
    bridge.js.w_answer(_DONE, bridge.NEUTRAL, *neutral)


def _find(name):
    """The function that "module:function" names; a name without a module is one of __main__ or a builtin."""
    import importlib
    module, colon, path = name.rpartition(':')
    found = importlib.import_module(module) if colon else _sys.modules['__main__']
    for part in path.split('.'):
        if not colon and not hasattr(found, part) and hasattr(_builtins, part):
            found = getattr(_builtins, part)
        else:
            found = getattr(found, part)
    return found
