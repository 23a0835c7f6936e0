"""Names that are data carry both languages; this picks the reader's."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import BinaryField, F, Func, Value
from django.db.models.functions import Coalesce, Lower, NullIf
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


def local_in(item: Mapping[str, Any], field: str) -> str:
    """The same for what is kept as `{"<field>_en": …, "<field>_zh": …}`; "" where it says neither."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return str(item.get(f"{field}_{first}") or item.get(f"{field}_{second}") or "")


def in_words(pair: Mapping[str, str]) -> str:
    """The same for a pair that is kept as `{"en": …, "zh": …}`."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return pair.get(first) or pair.get(second) or ""


#: The national encoding of Chinese, in which common characters stand in the order of their pinyin.
BY_PINYIN = "GB18030"


class Spoken(Func):
    """What texts are sorted by: small letters, and common Chinese characters by their pinyin: so they stand in the
    national encoding, whatever collations the server was built with."""

    function = "convert_to"
    template = f"%(function)s(%(expressions)s, '{BY_PINYIN}')"
    output_field = BinaryField()

    def __init__(self, text: Any) -> None:
        super().__init__(Lower(text))


def spoken(text: str) -> bytes:
    """The same for texts that are here already."""
    return text.lower().encode(BY_PINYIN, "replace")


def local_text(field: str) -> Coalesce:
    """`local` in the database: of `name` that of the reader's language, the other one where it is empty."""
    first, second = ("zh", "en") if is_chinese() else ("en", "zh")
    return Coalesce(NullIf(F(f"{field}_{first}"), Value("")), F(f"{field}_{second}"))


def spoken_local(field: str) -> Spoken:
    """By what `name` or any other text in both languages is sorted for the reader."""
    return Spoken(local_text(field))
