"""What an interpreter does before its memory image is made, and after it has started from one."""

import sys

#: Imported before the image is made: what every interpreter needs, and what pools, queues and tracebacks import.
_PRELOADED = (
    "_interpbridge",
    "_interpreters",
    "_interpqueues",
    "_interpchannels",
    "_interp_install",
    "_interp_actors",
    "ast",
    "atexit",
    "codeop",
    "collections.abc",
    "contextlib",
    "dataclasses",
    "functools",
    "importlib.util",
    "inspect",
    "io",
    "json",
    "linecache",
    "marshal",
    "pickle",
    "queue",
    "random",
    "runpy",
    "tempfile",
    "textwrap",
    "threading",
    "traceback",
    "types",
    "typing",
    "weakref",
    "concurrent.futures.thread",
)


def prepare():
    """Runs once, in the Python that the image is made of."""
    import importlib.util

    sys.implementation.supports_isolated_interpreters = True
    for name in _PRELOADED:
        if name.startswith("_interp") and importlib.util.find_spec(name) is None:
            continue
        importlib.import_module(name)
    if "_interp_install" in sys.modules:
        sys.modules["_interp_install"].install()
    if "_interpreters" in sys.modules:
        _add_pool()
        importlib.import_module("concurrent.interpreters")
        importlib.import_module("concurrent.futures.interpreter")
    importlib.invalidate_caches()


def _add_pool():
    """Pyodide imports concurrent.futures before `_interpreters` exists, and the module remembers that it does not."""
    import concurrent.futures as futures

    futures._interpreters = sys.modules["_interpreters"]
    if "InterpreterPoolExecutor" not in futures.__all__:
        futures.__all__ = (*futures.__all__, "InterpreterPoolExecutor")


def restore(settings):
    """Runs in each interpreter after its boot. `settings` is JSON; boot.ts has its fields."""
    import json

    settings = json.loads(settings)
    _clean_main()
    sys.excepthook = sys.__excepthook__
    for stream in (sys.stdout, sys.stderr):
        # What a thread prints appears at once, also while another one is blocked.
        stream.reconfigure(line_buffering=True)
    _set_environment(settings["env"])
    _set_processors(settings["cpus"])
    _reseed()
    sys.argv[:] = settings["argv"]
    sys.orig_argv[:] = settings["argv"]
    # No program starts another Python.
    sys.executable = sys._base_executable = ""
    sys.path[:] = settings["path"] + [entry for entry in sys.path if entry not in ("", *settings["path"])]
    if settings["cwd"] is not None:
        import os

        os.chdir(settings["cwd"])


def _clean_main():
    """Pyodide leaves names of its own in `__main__`, which has what a fresh one has."""
    import __main__

    kept = {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtins__", "__annotations__"}
    for name in set(vars(__main__)) - kept:
        delattr(__main__, name)


def _set_environment(env):
    import os

    libraries = os.environ.get("LD_LIBRARY_PATH")
    for name in set(os.environ) - set(env):
        del os.environ[name]
    for name, value in env.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    if libraries is not None and "LD_LIBRARY_PATH" not in env:
        os.environ["LD_LIBRARY_PATH"] = libraries


def _set_processors(count):
    import os

    os.cpu_count = lambda: count
    os.process_cpu_count = lambda: count


def _reseed():
    """All interpreters start from one image, and with one state of the random numbers."""
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None


def get_global(name):
    return vars(sys.modules["__main__"]).get(name)


def has_global(name):
    return name in vars(sys.modules["__main__"])


def delete_global(name):
    missing = object()
    return vars(sys.modules["__main__"]).pop(name, missing) is not missing


async def run_async(code, filename):
    """Runs a script that may await at its top level. Returns None, or the description of what it raised, as JSON."""
    from pyodide.code import eval_code_async

    try:
        namespace = vars(sys.modules["__main__"])
        await eval_code_async(code, namespace, return_mode="none", filename=filename)
    except BaseException as error:
        import _interpreters
        import json

        return json.dumps(_interpreters._describe(error, _frames_of_runner(error)))
    return None


def _frames_of_runner(error):
    """How many frames of a traceback lie before those of the script."""
    count = 0
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name != __file__ and not name.endswith(("/_pyodide/_base.py", "/pyodide/code.py")):
            break
        count += 1
        trace = trace.tb_next
    return count


def run_main(kind, value):
    """Runs a program as the command `python` does, and returns its exit code. `kind`: "file", "module" or "command"."""
    try:
        code = _run_guarded(kind, value)
    finally:
        _finish()
    return code


def _run_guarded(kind, value):
    try:
        _run(kind, value)
    except SystemExit as exit:
        return _exit_code(exit)
    except BaseException as error:
        _print_exception(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _run(kind, value):
    import __main__
    import runpy

    if kind == "module":
        runpy._run_module_as_main(value, alter_argv=True)
        return
    if kind == "stdin":
        if sys.stdin.isatty():
            import code as console

            console.interact(local=vars(__main__), exitmsg="")
            return
        value = sys.stdin.read()
        code = compile(value, "<stdin>", "exec", dont_inherit=True)
        _remember_lines("<stdin>", value)
    elif kind == "command":
        code = compile(value, "<string>", "exec", dont_inherit=True)
        # So that tracebacks show the lines.
        _remember_lines("<string>", value)
    else:
        import os

        if os.path.isdir(value) or value.endswith((".zip", ".pyz")):
            sys.path.insert(0, value)
            runpy._run_module_as_main("__main__", alter_argv=False)
            return
        with open(value, "rb") as file:
            source = file.read()
        __main__.__file__ = value
        __main__.__cached__ = None
        code = compile(source, value, "exec", dont_inherit=True)
    exec(code, __main__.__dict__)


def _remember_lines(name, text):
    import linecache

    lines = [line + "\n" for line in text.splitlines()]
    linecache.cache[name] = (len(text), None, lines, name)


def _exit_code(exit):
    code = exit.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    _flush()
    # runpy names `sys.executable` where it cannot find a module.
    print("interpreters python" + code if isinstance(code, str) and code.startswith(": ") else code, file=sys.stderr)
    return 1


def _print_exception(error):
    """As Python prints it: without the frames of this module, and those of functions that are written in C there."""
    _flush()
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    last, step = None, trace
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_SHIMS):
            last = step
        step = step.tb_next
    if last is not None:
        last.tb_next = None
    error.__traceback__ = trace
    if sys.excepthook is not sys.__excepthook__:
        try:
            sys.excepthook(type(error), error, trace)
            return
        except BaseException:
            pass
    import traceback

    traceback.print_exception(error)


_SHIMS = __file__.rpartition("/")[0] + "/_interp"


def _finish():
    """The end of the main interpreter: waits for threads, runs what `atexit` knows, writes what is buffered."""
    import atexit
    import threading

    try:
        threading._shutdown()
    except BaseException as error:
        _print_exception(error)
    atexit._run_exitfuncs()
    _release()
    _flush()


def _release():
    """Drops what `__main__` refers to: the interpreters that only this one holds end with it."""
    import __main__

    names = vars(__main__)
    for name in [name for name in names if not name.startswith("__")]:
        names[name] = None
    interpreters = sys.modules.get("concurrent.interpreters")
    if interpreters is not None and interpreters._known:
        import gc

        gc.collect()


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
