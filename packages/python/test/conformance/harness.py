"""Runs one module of CPython's tests and reports each test as a line of JSON, for main.ts."""
import asyncio
import json
import os
import time
import unittest

import harness_capi

_stdout = 1


def report(**fields):
    os.write(_stdout, b"\n\x01" + json.dumps(fields).encode() + b"\n")


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def name_of(test):
    # Some tests have an attribute `id` of their own.
    return unittest.TestCase.id(test) if isinstance(test, unittest.TestCase) else str(test)


class Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.outcome = None
        report(start=name_of(test))

    def stopTest(self, test):
        # Only now: after a subtest has failed, the test goes on.
        status, why = self.outcome or ("ok", "")
        report(end=name_of(test), status=status, why=why, seconds=round(time.monotonic() - self.began, 3))
        super().stopTest(test)

    def _end(self, status, why=""):
        if self.outcome is None:
            self.outcome = status, why

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._end("fail", f"{subtest}: {self._exc_info_to_string(error, test)}")

    def addFailure(self, test, error):
        self._fixture_or_test(test, "fail", self._exc_info_to_string(error, test))

    def addError(self, test, error):
        self._fixture_or_test(test, "error", self._exc_info_to_string(error, test))

    def addSkip(self, test, reason):
        test = getattr(test, "test_case", test)
        self._fixture_or_test(test, "skip", reason)

    def addExpectedFailure(self, test, error):
        self._end("expected failure")

    def addUnexpectedSuccess(self, test):
        self._end("unexpected success")

    def _fixture_or_test(self, test, status, why):
        if isinstance(test, unittest.TestCase):
            self._end(status, why)
        else:
            report(fixture=str(test), status=status, why=why)


def run(request):
    from test import support

    request = json.loads(request)
    harness_capi.install()
    # Pyodide sets a policy of its own when it boots.
    asyncio.events._event_loop_policy = None
    # Enough for 200 interpreters that run nothing, and not for 200 that do.
    support.set_memlimit("6.4G")
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(request["module"])
    except unittest.SkipTest as skip:
        report(fixture=request["module"], status="skip", why=str(skip))
        report(done=True)
        return
    skipped = set(request["skip"])
    only = request.get("only")
    tests = list(tests_of(suite))
    report(plan=[name_of(test) for test in tests])
    chosen = [test for test in tests if name_of(test) not in skipped and (not only or any(part in name_of(test) for part in only))]
    unittest.TestSuite(chosen).run(Result())
    report(done=True)
