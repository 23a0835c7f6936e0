"""What a frozen score was computed from, held against what is known now: which inputs differ, and from where to where.
Pure: it reads nothing but what it is given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METRIC, CARRIED, WEIGHTS = "kpi", "carried", "weights"

#: One stretch of `evidence.evidence_of`.
Stretch = Mapping[str, Any]
Ref = Mapping[str, str]


@dataclass(frozen=True)
class Cause:
    """One thing that differs. `before` and `after` in words (English, Chinese) where the source says it in words, else as
    numbers. What is not `is_shared` concerns one person alone."""

    kind: str
    key: str
    label: tuple[str, str] = ("", "")
    url: str = ""
    before: tuple[str, str] = ("", "")
    after: tuple[str, str] = ("", "")
    before_micro: int | None = None
    after_micro: int | None = None

    @property
    def is_shared(self) -> bool:
        return self.kind in (METRIC, WEIGHTS)

    def kept(self) -> list[Any]:
        """As JSON keeps it; `cause_from` reads it."""
        return [
            self.kind,
            self.key,
            *(list(pair) for pair in (self.label, self.before, self.after)),
            self.url,
            # As text: raw values may be longer than JSON's numbers are exact.
            *(None if micro is None else str(micro) for micro in (self.before_micro, self.after_micro)),
        ]


def cause_from(kept: Sequence[Any]) -> Cause:
    kind, key, label, before, after, url, before_micro, after_micro = kept
    micros = (None if micro is None else int(micro) for micro in (before_micro, after_micro))
    return Cause(kind, key, tuple(label), url, tuple(before), tuple(after), *micros)


def causes(
    kept: Sequence[Stretch], now: Sequence[Stretch], kinds: Mapping[str, str]
) -> tuple[list[Cause], bool]:
    """What differs between two evidences, each the stretches of a score, and whether anything does. `kinds`: component →
    kind of its source.

    A value, one carried forward, or who is weighed by what on which days. Whether a number may still move, how much of it
    was covered and what it is called move no score, and are no cause.
    """
    found = list[Cause]()
    if _days(kept) != _days(now):
        found.append(Cause(WEIGHTS, "", before=_said(kept), after=_said(now)))
        pairs = [(_latest(kept), _latest(now))]
    else:
        pairs = [(before["inputs"], after["inputs"]) for before, after in zip(kept, now, strict=True)]
    for before, after in pairs:
        for key in sorted({*before, *after}):
            found += _of_input(key, before.get(key), after.get(key), kinds.get(key, METRIC))
    return list(dict.fromkeys(found)), bool(found)


def _days(stretches: Sequence[Stretch]) -> list[tuple[str, str, str]]:
    return [(each["version"], each["from"], each["until"]) for each in stretches]


def _said(stretches: Sequence[Stretch]) -> tuple[str, str]:
    words = [f"v{each['number']} {each['from']} – {each['until']}" for each in stretches]
    return ", ".join(words), "，".join(words)


def _latest(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """The inputs of each component on the last days that it counts."""
    found: dict[str, Any] = {}
    for stretch in stretches:
        found.update(stretch["inputs"])
    return found


def _of_input(key: str, before: Any, after: Any, kind: str) -> Iterator[Cause]:
    if before is None or after is None:
        return
    if before["value_micro"] != after["value_micro"]:
        yield from _of_value(key, before, after, kind)
    if before["previous_micro"] != after["previous_micro"]:
        yield Cause(CARRIED, key, before_micro=before["previous_micro"], after_micro=after["previous_micro"])


def _of_value(key: str, before: Any, after: Any, kind: str) -> Iterator[Cause]:
    """By the references that say something else now, where they say what each gave; else by the whole value."""
    had, has = ({ref["url"]: ref for ref in given["refs"]} for given in (before, after))
    moved = [url for url in {**has, **had} if _note(had.get(url)) != _note(has.get(url))]
    if moved:
        for url in moved:
            named = has.get(url) or had[url]
            yield Cause(kind, key, _label(named), url, _note(had.get(url)), _note(has.get(url)))
        return
    first_had, first_has = ((given["refs"] or [None])[0] for given in (before, after))
    label = _label(first_has or first_had)
    url = (first_has or first_had or {}).get("url", "")
    words = (("", ""), ("", ""))
    if first_had and first_has and first_had["url"] != first_has["url"]:
        words = (_label(first_had), _label(first_has))
    yield Cause(kind, key, label, url, *words, before["value_micro"], after["value_micro"])


def _label(ref: Ref | None) -> tuple[str, str]:
    return (ref["label_en"], ref["label_zh"]) if ref else ("", "")


def _note(ref: Ref | None) -> tuple[str, str]:
    return (ref["note_en"], ref["note_zh"]) if ref else ("", "")
