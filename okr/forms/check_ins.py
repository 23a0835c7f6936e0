"""The weekly check-in: one form for all key results, filled before it is opened."""

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from okr import rules
from okr.actions import Reading
from okr.forms.fields import AmountField
from okr.models import KeyResult
from performance.foundation.components import formats

YES_NO = [("", "–"), ("no", _("Not yet")), ("yes", _("Done"))]
#: Characters of one text in a draft: more than may be sent, so that what is too long can be shortened.
MOST_TYPED = 20_000
#: Fields of a draft: those of a hundred key results and more.
MOST_NAMES = 1000
OF_KEY_RESULT = re.compile(r"(value|done|confidence|note|steps)-[0-9a-f-]{36}")
TYPED_KINDS = ("increase", "decrease", "percent", "money", "band")


class CheckInForm(forms.Form):
    """Fields of key result <id>: value-<id> | done-<id> | steps-<id>, confidence-<id>, note-<id>."""

    wins = forms.CharField(label=_("Wins"), required=False, max_length=4000)
    plans = forms.CharField(label=_("Plans for next week"), required=False, max_length=4000)
    blockers = forms.CharField(label=_("Blockers"), required=False, max_length=4000)
    asks: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Ask for help"),
        queryset=None,
        required=False,
        error_messages={"invalid_choice": _("This person is not here.")},
    )
    #: The entry that the form was made from.
    made_from = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        key_results: Iterable[KeyResult],
        people: Any,
        **options: Any,
    ) -> None:
        """`people`: who can be asked for help."""
        super().__init__(*args, **options)
        self.key_results = list(key_results)
        #: Key result → the number as it was typed, where the answer asks whether it is right.
        self.questioned: dict[str, str] = {}
        self.fields["asks"].queryset = people  # type: ignore[attr-defined]
        for name in ("wins", "plans", "blockers"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 2})
        for key_result in self.key_results:
            self._add_fields(key_result)

    def _add_fields(self, key_result: KeyResult) -> None:
        key = key_result.pk
        if key_result.kind in TYPED_KINDS:
            self.fields[f"value-{key}"] = AmountField(label=key_result.title, required=False)
        elif key_result.kind == "yes_no":
            self.fields[f"done-{key}"] = forms.ChoiceField(
                label=key_result.title, choices=YES_NO, required=False
            )
        elif key_result.kind == "milestones":
            self.fields[f"steps-{key}"] = forms.MultipleChoiceField(
                label=key_result.title,
                choices=[(str(step.pk), step.title) for step in key_result.milestones.all()],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        self.fields[f"confidence-{key}"] = forms.TypedChoiceField(
            label=_("Confidence"),
            choices=[("", ""), *((str(n), str(n)) for n in range(1, 6))],
            coerce=int,
            empty_value=None,
            required=False,
        )
        self.fields[f"note-{key}"] = forms.CharField(label=_("Why"), max_length=1000, required=False)

    def readings(self) -> list[Reading]:
        """What was reported, from valid fields. They are filled before they are opened, so that what nobody touched
        says what stands, and what was changed counts by whichever button it is sent; an emptied one takes nothing
        away."""
        return [self._reading(key_result) for key_result in self.key_results]

    def _reading(self, key_result: KeyResult) -> Reading:
        key, given = key_result.pk, self.cleaned_data
        return Reading(
            key_result_id=key,
            value=given.get(f"value-{key}"),
            done={"yes": True, "no": False}.get(given.get(f"done-{key}") or ""),
            milestones_done=self._steps(key_result),
            confidence=given.get(f"confidence-{key}"),
            note=given.get(f"note-{key}", ""),
        )

    def _steps(self, key_result: KeyResult) -> frozenset[uuid.UUID] | None:
        """No box ticked where none ever was is no report: there is no score yet, rather than 0%."""
        ticked = self.cleaned_data.get(f"steps-{key_result.pk}") or []
        if key_result.kind != "milestones" or not (ticked or _is_reported(key_result)):
            return None
        return frozenset(uuid.UUID(each) for each in ticked)

    def clean(self) -> dict[str, Any]:
        """A number ten times the one before, or a tenth of it, is most often a slip: it is asked about once."""
        cleaned = super().clean() or {}
        for key_result in self.key_results:
            name = f"value-{key_result.pk}"
            value = cleaned.get(name)
            if value is None or self.data.get(f"sure-{key_result.pk}") == self.data.get(name):
                continue
            meant = rules.likely_slip(value, key_result.current)
            if meant is not None:
                told = {
                    "value": formats.number(value),
                    "before": formats.number(key_result.current),
                    "meant": formats.number(meant),
                }
                question = _(
                    "%(value)s is far from the last value, %(before)s. Did you mean %(meant)s? Send it again if it is right."
                )
                self.add_error(name, question % told)
                self.questioned[str(key_result.pk)] = str(self.data.get(name))
        return cleaned

    def person_asked(self, key: Any) -> Any:
        """Who is meant by what a draft or an entry says, or None."""
        field = self.fields["asks"]
        try:
            return field.to_python(key)
        except forms.ValidationError:
            return None


def _is_reported(key_result: KeyResult) -> bool:
    """Somebody has said something about its milestones before."""
    return any(step.done is not None for step in key_result.milestones.all())


def initial_of(key_results: Iterable[KeyResult], *, check_in: Any, draft: Any) -> dict[str, Any]:
    """What the form shows first: how things stand, over it this week's entry, over it what was being typed."""
    initial: dict[str, Any] = {}
    for each in key_results:
        initial[f"value-{each.pk}"] = each.current
        initial[f"done-{each.pk}"] = {True: "yes", False: "no", None: ""}[each.done]
        initial[f"steps-{each.pk}"] = [str(step.pk) for step in each.milestones.all() if step.done]
        initial[f"confidence-{each.pk}"] = each.confidence
    if check_in is not None:
        initial |= {name: getattr(check_in, name) for name in ("wins", "plans", "blockers")}
        initial["asks"] = str(check_in.asks_id or "")
        initial |= {f"note-{entry.key_result_id}": entry.note for entry in check_in.entries.all()}
    if draft is not None:
        initial |= draft.fields
    initial["made_from"] = str(check_in.pk) if check_in is not None else ""
    return initial


def draft_fields(posted: Mapping[str, Any]) -> dict[str, Any]:
    """What of a posted form is worth keeping as a draft. A browser sends no box that is not ticked, so the page names
    the key results whose milestones it shows: none of them ticked is an answer too."""
    shown = posted.getlist("with-steps")[:50]  # type: ignore[attr-defined]
    kept: dict[str, Any] = {f"steps-{key}": [] for key in shown if OF_KEY_RESULT.fullmatch(f"steps-{key}")}
    for name in list(posted)[:MOST_NAMES]:
        of_key_result = OF_KEY_RESULT.fullmatch(name)
        if of_key_result and of_key_result[1] == "steps":
            kept[name] = [each[:36] for each in posted.getlist(name)[:50] if each]  # type: ignore[attr-defined]
        elif of_key_result or name in ("wins", "plans", "blockers", "asks", "made_from"):
            kept[name] = str(posted[name])[:MOST_TYPED]
    return kept


def is_cut(posted: Mapping[str, Any]) -> bool:
    """A text is longer than a draft keeps."""
    return any(len(str(posted.get(name, ""))) > MOST_TYPED for name in draft_fields(posted))


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=_("Reply"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class HandOnForm(forms.Form):
    """`people`: who can be asked."""

    to: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("To whom"), queryset=None, error_messages={"required": _("Choose a person.")}
    )
    why = forms.CharField(label=_("Why"), max_length=300, required=False)

    def __init__(self, *args: Any, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]
