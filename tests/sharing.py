"""Which tests stay with one worker.

A scheduler of our own: `--dist loadgroup` of pytest-xdist 3.8 writes its groups into something that pytest 9.2 does not
read any more, and then says nothing and groups nothing (github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class Sharing(LoadScopeScheduling):
    """A file stays with one worker, but in a browser each test goes for itself; those that kill share one house, which
    takes half a minute to make."""

    def _split_scope(self, nodeid: str) -> str:
        file, _mark, _test = nodeid.partition("::")
        if file.startswith("tests/kill/"):
            return "kill"
        return nodeid if file.startswith("tests/e2e/") else file
