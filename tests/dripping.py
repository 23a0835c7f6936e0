"""A host that answers one byte at a time and never ends."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def host(beginning: bytes) -> Iterator[int]:
    """Its port on 127.0.0.1. It takes one line, says `beginning` and drips from then on."""
    ended = threading.Event()

    def drip() -> None:
        line, _address = server.accept()
        with line:
            line.recv(4096)
            line.sendall(beginning)
            try:
                while not ended.wait(0.05):
                    line.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join(5)
