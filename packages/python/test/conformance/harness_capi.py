"""The functions of `_testcapi` and `_testinternalcapi` that make interpreters, over `_interpreters`.

Those of the real modules make them inside of this WebAssembly instance, where the runtime does not know them.
"""
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
    failure = _interpreters.run_string(interpid, code)
    if failure is None:
        return 0
    print(failure.errdisplay, file=sys.stderr)
    return -1


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
