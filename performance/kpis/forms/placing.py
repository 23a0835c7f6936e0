"""Where in a typed formula a refusal belongs."""

from dataclasses import dataclass

from django import forms

from performance.foundation import refusals
from performance.kpis.formulas import lexicon

#: Letters shown on either side of the place.
AROUND = 40


@dataclass(frozen=True)
class Placed:
    """A refusal beside its field: what stands before the word that is refused, the word, and what follows. Without a
    `position` only the sentence is shown."""

    field: str
    refused: refusals.Refused
    position: int | None = None
    before: str = ""
    word: str = ""
    after: str = ""


def placed(form: forms.Form, refused: refusals.Refused) -> Placed | None:
    """None for a refusal that is about no typed formula: of another field, or because nothing is typed yet."""
    if refused.field not in ("formula", "expression") or refused.code == "empty":
        return None
    text = str(form.cleaned_data.get(refused.field) or "")
    at = refused.position
    if at is None or at >= len(text):
        return Placed(refused.field, refused)
    word = _word_at(text, at)
    before, after = text[:at], text[at + len(word) :]
    return Placed(
        field=refused.field,
        refused=refused,
        position=at,
        before=before if len(before) <= AROUND else f"…{before[-AROUND:]}",
        word=word,
        after=after if len(after) <= AROUND else f"{after[:AROUND]}…",
    )


def _word_at(text: str, position: int) -> str:
    for pattern in (lexicon.NAME, lexicon.NUMBER, lexicon.QUOTED):
        found = pattern.match(text, position)
        if found:
            return found[0][:AROUND]
    return text[position]
