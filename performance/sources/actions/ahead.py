"""One batch is read while the one before it is staged: the source, this process and our database work at once."""

from __future__ import annotations

import contextvars
import queue
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

Piece = TypeVar("Piece")
#: After how many seconds a thread that computes lets another go on. Whoever sends a batch to our database waits at each of
#: its answers, and then for the thread that looks at the next batch: most of the time of a load, were it five milliseconds.
HAND_OVER_SECONDS = 0.000_5
USUAL_SECONDS = sys.getswitchinterval()


@dataclass(frozen=True)
class _Failed:
    error: BaseException


@contextmanager
def reading(pieces: Generator[Piece, None, None]) -> Iterator[Iterator[Piece]]:
    """The same pieces, at most one of them ahead, read in a thread of its own. What goes wrong there is raised here. At
    the end the pieces are closed, after the one that is on its way."""
    ready: queue.Queue[Piece | _Failed | None] = queue.Queue(maxsize=1)
    is_over = threading.Event()

    def read() -> None:
        try:
            for piece in pieces:
                ready.put(piece)
                if is_over.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised where the pieces are taken
            ready.put(_Failed(error))
        else:
            ready.put(None)
        finally:
            pieces.close()

    def taken() -> Iterator[Piece]:
        while (piece := ready.get()) is not None:
            if isinstance(piece, _Failed):
                raise piece.error
            yield piece

    reader = threading.Thread(target=contextvars.copy_context().run, args=[read], name="reader", daemon=True)
    sys.setswitchinterval(HAND_OVER_SECONDS)
    reader.start()
    try:
        yield taken()
    finally:
        is_over.set()
        while reader.is_alive():
            # Room for what it has in its hands.
            with suppress(queue.Empty):
                ready.get_nowait()
            reader.join(timeout=0.05)
        sys.setswitchinterval(USUAL_SECONDS)
