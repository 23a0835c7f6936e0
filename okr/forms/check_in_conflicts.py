"""Two check-ins of one week beside each other: what was sent, and what stands in a form that was made before."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from okr.forms.check_ins import CheckInForm
from performance.foundation.components import formats

NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """A field that says two things, in words."""

    label: str
    sent: str
    mine: str


def differing(form: CheckInForm, sent: Mapping[str, Any]) -> list[Difference]:
    """The fields of a valid form that say something else than was sent (field name → value, as `initial_of` gives
    them), in the order of the form: the key results first."""
    words = ["wins", "plans", "blockers", "asks"]
    names = [name for name in form.fields if name not in (*words, "made_from")] + words
    found = []
    for name in names:
        mine = _said(form, name, form.cleaned_data.get(name))
        theirs = _said(form, name, sent.get(name))
        if mine != theirs:
            found.append(Difference(_label(form, name), theirs, mine))
    return found


def _label(form: CheckInForm, name: str) -> str:
    """Confidence and note name their key result; a value is named by it already."""
    label = str(form.fields[name].label)
    title = next((each.title for each in form.key_results if name.endswith(str(each.pk))), "")
    return f"{title}{formats.mark(',')}{label}" if title and title != label else label


def _said(form: CheckInForm, name: str, value: Any) -> str:
    if isinstance(value, list):
        titles = dict(form.fields[name].choices)  # type: ignore[attr-defined]
        return formats.listed(title for key, title in titles.items() if key in value) or NOTHING
    if name == "asks":
        person = form.person_asked(value)
        return formats.person_name(person) if person else NOTHING
    if name.startswith("done-"):
        chosen = dict(form.fields[name].choices)  # type: ignore[attr-defined]
        return str(chosen.get(value, "")) if value else NOTHING
    if isinstance(value, Decimal):
        return str(form.fields[name].prepare_value(value))
    return str(value) if value not in (None, "") else NOTHING
