"""Finished files as attachments that a broken download goes on with: RFC 9110, single ranges of bytes."""

import re
from pathlib import Path
from typing import IO, Any

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
Part = tuple[int, int]


def part_asked_for(request: Any, size: int, sha256: str) -> Part | None:
    """First byte and number of bytes of the part that is asked for. None for the whole file, also where the reader has
    the beginning of another one, or asks in a way that we do not know. Without any byte where none of them exists."""
    given = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if given is None or request.headers.get("If-Range", _tag(sha256)) != _tag(sha256):
        return None
    first, last = given.groups()
    if first:
        end = min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return None
        return int(first), max(end - int(first) + 1, 0)
    if not last:
        return None
    length = min(int(last), size)
    return size - length, length


def attachment(
    path: Path, *, name: str, content_type: str, sha256: str, part: Part | None = None
) -> HttpResponseBase:
    """The file, or a part of it."""
    size = path.stat().st_size
    if part is not None and not part[1]:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    file = path.open("rb")
    body: Any = file
    if part is not None:
        file.seek(part[0])
        body = _Part(file, part[1])
    response = FileResponse(body, as_attachment=True, filename=name, content_type=content_type)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _tag(sha256)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Digest"] = f"sha256:{sha256}"
    if part is not None:
        first, length = part
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
        response["Content-Length"] = str(length)
    return response


def _tag(sha256: str) -> str:
    return f'"{sha256}"'


class _Part:
    """So many bytes of a file, from where it stands."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.file.close()
