"""Forms of stages, reviews and templates."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from performance.appraisals import actions
from performance.appraisals.models import ReviewKind, SectionKind, Stage, TemplateSection

Days = tuple[datetime.date, datetime.date]


class StagesForm(forms.Form):
    """From when until when each stage lasts. Without days a stage is left out; managers always write."""

    def __init__(self, *args: Any, standing: Mapping[str, Days], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for stage, label in Stage.choices:
            first, last = standing.get(stage, (None, None))
            for part, words, day in (("from", _("from"), first), ("until", _("until"), last)):
                self.fields[f"{stage}_{part}"] = forms.DateField(
                    label=format_lazy("{} {}", label, words),
                    required=False,
                    initial=day,
                    widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                )

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        return [(label, self[f"{stage}_from"], self[f"{stage}_until"]) for stage, label in Stage.choices]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for stage in Stage.values:
            first, last = f"{stage}_from", f"{stage}_until"
            if bool(given.get(first)) != bool(given.get(last)) and not {first, last} & self.errors.keys():
                self.add_error(last if given.get(first) else first, _("Give both days or neither."))
        return given

    def days(self) -> dict[str, Days]:
        given = self.cleaned_data
        return {
            stage: (given[f"{stage}_from"], given[f"{stage}_until"])
            for stage in Stage.values
            if given[f"{stage}_from"]
        }


class DelegateForm(forms.Form):
    """Who writes a review instead; without a name it comes back to its reviewer."""

    person = forms.CharField(
        label=_("Employee number or name"),
        max_length=80,
        required=False,
        help_text=_("Empty: it comes back to whoever owes it."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class PeerForm(forms.Form):
    """A colleague who is to write."""

    person = forms.CharField(label=_("Employee number or name"), max_length=80)


def revision_of(posted: Mapping[str, str]) -> int:
    """What a form of a review was made from; −1, which is never current, where it does not say."""
    said = posted.get("revision", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1


def key_of(said: str | None) -> uuid.UUID:
    """A key from a form; one that nothing has where it is none."""
    try:
        return uuid.UUID(said or "")
    except ValueError:
        return uuid.UUID(int=0)


def answers_from(
    posted: Mapping[str, str], sections: Sequence[TemplateSection]
) -> dict[uuid.UUID, actions.Answer]:
    """The sections that a form of a review speaks of."""
    found = {}
    for section in sections:
        names = [f"{part}-{section.pk}" for part in ("rating", "text", "why")]
        if any(name in posted for name in names):
            rating, text, why = (posted.get(name, "") for name in names)
            is_whole = rating.isascii() and rating.isdigit() and len(rating) < 3
            found[section.pk] = actions.Answer(int(rating) if is_whole else None, text, why)
    return found


class TemplateForm(forms.Form):
    """What a new template is called."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)


class SectionForm(forms.Form):
    """One section of a draft. A row without an English name is left out."""

    kind = forms.ChoiceField(label=_("About"), choices=SectionKind.choices, initial=SectionKind.QUESTION)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    weight = forms.DecimalField(
        label=_("Weight, %"), min_value=0, max_value=100, max_digits=7, decimal_places=4, initial=0
    )
    place = forms.IntegerField(label=_("Place"), min_value=1, max_value=99, required=False)
    asked_of = forms.MultipleChoiceField(
        label=_("Asked of"),
        choices=ReviewKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    guide_en = forms.CharField(
        label=_("Guidance in English"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    guide_zh = forms.CharField(
        label=_("Guidance in Chinese"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    points = forms.CharField(
        label=_("What to look at"),
        required=False,
        max_length=4000,
        help_text=_("One a line: English | Chinese."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    steps = forms.CharField(
        label=_("Scale of its own"),
        required=False,
        max_length=1000,
        help_text=_("One step a line from the lowest up, English | Chinese. Empty: the cycle’s ratings."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @staticmethod
    def initial_of(section: TemplateSection) -> dict[str, Any]:
        names = ("kind", "name_en", "name_zh", "asked_of", "guide_en", "guide_zh")
        return {
            **{name: getattr(section, name) for name in names},
            "weight": Decimal(section.weight_ppm).scaleb(-4).normalize() + 0,
            "place": section.position,
            "points": _lines(section.points),
            "steps": _lines(section.steps),
        }

    def section(self) -> actions.Section:
        given = self.cleaned_data
        names = ("kind", "name_en", "name_zh", "weight", "asked_of", "guide_en", "guide_zh")
        return actions.Section(
            **{name: given[name] for name in names},
            points=_pairs(given["points"]),
            steps=_pairs(given["steps"]),
        )


class SectionRows(forms.BaseFormSet):
    def in_order(self) -> list[SectionForm]:
        """What has a name, by place; those without a place last."""
        named = [form for form in self.forms if form.cleaned_data.get("name_en", "").strip()]
        return sorted(named, key=lambda form: form.cleaned_data.get("place") or 100)


SectionFormSet = forms.formset_factory(SectionForm, formset=SectionRows, extra=2, max_num=12)


def _lines(pairs: list[dict[str, str]]) -> str:
    return "\n".join(" | ".join(filter(None, [pair.get("en"), pair.get("zh")])) for pair in pairs)


def _pairs(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        en, _bar, zh = (part.strip() for part in line.partition("|"))
        if en or zh:
            found.append({"en": en or zh, "zh": zh})
    return found
