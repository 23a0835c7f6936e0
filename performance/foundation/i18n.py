"""Names that are data carry both languages; this picks the reader's."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.utils import translation

LANGUAGES = ("en", "zh-hans")
Said = TypeVar("Said")


def is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


def in_both(say: Callable[[], Said]) -> tuple[Said, Said]:
    """What is said to English and to Chinese readers, for what is kept until somebody reads it."""
    said = []
    for language in LANGUAGES:
        with translation.override(language):
            said.append(say())
    return said[0], said[1]


def local(record: Any, field: str) -> str:
    """`record.<field>_zh` for Chinese readers, `record.<field>_en` for others; the other one where it is empty."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return getattr(record, f"{field}_{first}", "") or getattr(record, f"{field}_{second}", "")
