"""Names that are data carry both languages; this picks the reader's."""

from typing import Any

from django.utils import translation


def is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


def local(record: Any, field: str) -> str:
    """`record.<field>_zh` for Chinese readers, `record.<field>_en` for others; the other one where it is empty."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return getattr(record, f"{field}_{first}", "") or getattr(record, f"{field}_{second}", "")
