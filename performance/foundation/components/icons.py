"""Inline icons. Shapes come from icons.json, which `make frontend` writes from frontend/icons.txt."""

import difflib
import functools
import json
import pathlib

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

SHAPES = pathlib.Path(__file__).with_name("icons.json")


class UnknownIcon(LookupError):
    """A template asked for an icon that is not in frontend/icons.txt."""


@functools.cache
def _shapes() -> dict[str, dict[str, str]]:
    shapes: dict[str, dict[str, str]] = json.loads(SHAPES.read_text(encoding="utf-8"))
    return shapes


@functools.cache
def _paths(name: str, filled: bool) -> SafeString:
    shapes = _shapes()["filled" if filled else "outline"]
    if name not in shapes:
        near = ", ".join(difflib.get_close_matches(name, shapes, n=5)) or "none"
        raise UnknownIcon(f"There is no icon {name!r}; near names: {near}. Add it to frontend/icons.txt.")
    return mark_safe(shapes[name])  # noqa: S308 - our own file, not input


def icon(name: str, cls: str = "", label: object = "", *, filled: bool = False) -> SafeString:
    """One Tabler icon as inline SVG; decorative unless `label` says what it means.

    Raises UnknownIcon, which names the nearest icons there are.
    """
    paint = (
        'fill="currentColor"'
        if filled
        else 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    )
    meaning = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="i{}" viewBox="0 0 24 24" {} {}>{}</svg>',
        f" {cls}" if cls else "",
        mark_safe(paint),  # noqa: S308
        mark_safe(meaning),  # noqa: S308
        _paths(str(name), filled),
    )
