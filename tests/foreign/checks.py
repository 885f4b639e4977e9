"""What the Python scripts share: a check prints `ok NAME` or `FAILED NAME`, and waiting has an end."""

import sys
import time
import traceback


class Checks:
    def __init__(self, client):
        self.client = client

    def check(self, name, function):
        try:
            result = function()
        except Exception as error:  # a client's own errors are of many kinds
            print(f"FAILED {self.client}: {name}: {error!r}", flush=True)
            traceback.print_exc(file=sys.stderr)
            return None
        print(f"ok {self.client}: {name}", flush=True)
        return result


def wait_until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)


def same(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")
