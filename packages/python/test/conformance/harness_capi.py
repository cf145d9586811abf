"""The functions of `_testcapi` and `_testinternalcapi` that make interpreters, over `_interpreters`.

Those of the real modules make them inside of this WebAssembly instance, where the runtime does not know them.
"""
import os
import sys
import types

import _interpreters


def create_interpreter(config=None, *, whence=_interpreters.WHENCE_XI):
    if whence in (_interpreters.WHENCE_UNKNOWN, _interpreters.WHENCE_LEGACY_CAPI):
        if config is not None:
            raise ValueError("got unexpected config")
        config = _interpreters.new_config("legacy")
    return _interpreters._create(config if config is not None else "isolated", False, whence)


def destroy_interpreter(interpid, basic=False):
    _interpreters.destroy(interpid)


def exec_interpreter(interpid, code, *, main=False):
    if main:
        failure = _interpreters.run_string(interpid, code)
        if failure is None:
            return 0
        print(failure.errdisplay, file=sys.stderr)
        return -1
    # Code that does not run as the interpreter's main program: in a thread of it.
    done, report = os.pipe()
    failure = _interpreters.run_func(interpid, _in_thread, {"_code": code, "_report": report})
    assert failure is None, failure
    ended = os.read(done, 1)
    os.close(done)
    os.close(report)
    return 0 if ended == b"0" else -1


def _in_thread():
    def run(code=_code, report=_report):
        import __main__
        import os
        import time
        import traceback

        import _interp_threads
        import _interpreters

        # Until the request that started this thread has been answered; an inline thread runs before.
        while _interp_threads.can_switch() and _interpreters.is_running(_interpreters.get_current()[0]):
            time.sleep(0.001)
        try:
            exec(code, __main__.__dict__)
            result = b"0"
        except BaseException:
            traceback.print_exc()
            result = b"1"
        os.write(report, result)

    import threading

    threading.Thread(target=run).start()


def _run_temporary(code, config, whence):
    interpid = create_interpreter(config, whence=whence)
    try:
        return exec_interpreter(interpid, code)
    finally:
        _interpreters.destroy(interpid)


def run_in_subinterp_with_config(code, config, xi=None):
    if xi is None:
        return _run_temporary(code, config, _interpreters.WHENCE_CAPI)
    return _run_temporary(code, config, _interpreters.WHENCE_XI)


def run_in_subinterp(code):
    return _run_temporary(code, None, _interpreters.WHENCE_LEGACY_CAPI)


def interpreter_refcount_linked(interpid):
    return _interpreters._linked(interpid)


def next_interpreter_id():
    interpid = _interpreters.create()
    _interpreters.destroy(interpid)
    return interpid + 1


def install():
    import _testcapi
    import _testinternalcapi

    own = {name: value for name, value in globals().items() if isinstance(value, types.FunctionType) and name[0] != "_"}
    for name in ("install",):
        del own[name]
    for name, value in own.items():
        module = _testcapi if name == "run_in_subinterp" else _testinternalcapi
        setattr(module, name, value)
