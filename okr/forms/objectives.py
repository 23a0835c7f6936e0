"""Writing an objective: its text, its key results, and the small forms around it."""

import dataclasses
import re
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from okr.forms import checkpoints
from okr.forms.fields import AmountField
from okr.models import Content, KeyResultContent, MilestoneContent
from okr.models.alignment import AlignmentKind
from okr.models.contents import AMOUNTS, FIELDS_OF, one_line, ppm_of, slice_of, slice_text
from okr.models.objectives import KeyResultKind, ObjectiveType, State, Visibility
from performance.people import models as people

PREFIX = "kr"
MOST_ROWS = 20
#: "Rolled out everywhere ×3"; who has no such sign types a star.
WEIGHED_LINE = re.compile(r"(.*\S)\s*[×*]\s*(\d{1,4})")


class ObjectiveForm(forms.Form):
    """The text itself. `owners` are choices ("person:<id>", label) or ("team:<id>", label)."""

    owner = forms.ChoiceField(label=_("Whose objective"))
    period = forms.ChoiceField(label=_("Period"))
    sponsor = forms.ModelChoiceField(
        label=_("Sponsor"),
        queryset=people.Person.objects.none(),
        required=False,
        help_text=_("Agrees for the other side, because nobody manages the owner."),
    )
    title = forms.CharField(
        label=_("Objective"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("What will be different at the end? One sentence, no number in it."),
        error_messages={"required": _("Say in one sentence what you want to reach.")},
    )
    description = forms.CharField(
        label=_("Why it matters now"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    type = forms.ChoiceField(label=_("Type"), choices=ObjectiveType.choices, initial="committed")
    visibility = forms.ChoiceField(label=_("Who can see it"), choices=Visibility.choices, initial="public")
    weight = forms.IntegerField(
        label=_("Weight among your objectives"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=_("1 for all means equal parts."),
    )
    reason = forms.CharField(
        label=_("Why this change"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )

    def __init__(
        self,
        *args: Any,
        owners: Iterable[tuple[str, Any]] = (),
        periods: Iterable[Any] = (),
        sponsors: QuerySet[people.Person] | None = None,
        is_change: bool = False,
        needs_reason: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        if is_change:
            for name in ("owner", "period", "sponsor"):
                del self.fields[name]
            if needs_reason:
                self.fields["reason"].required = True
                self.fields["reason"].error_messages["required"] = _("Say why: it was agreed before.")
            return
        del self.fields["reason"]
        self.fields["owner"].choices = list(owners)  # type: ignore[attr-defined]
        self.fields["period"].choices = [(str(each.pk), str(each)) for each in periods]  # type: ignore[attr-defined]
        if sponsors is None:
            del self.fields["sponsor"]
        else:
            self.fields["sponsor"].queryset = sponsors  # type: ignore[attr-defined]


class KeyResultForm(forms.Form):
    """One key result. Its kind decides which fields there are."""

    id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(choices=KeyResultKind.choices, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Key result"), max_length=200, error_messages={"required": _("Name the key result.")}
    )
    start = AmountField(label=pgettext_lazy("key result", "From"), required=False)
    target = AmountField(label=_("To (target)"), required=False)
    lower = AmountField(label=_("Lower edge"), required=False)
    upper = AmountField(label=_("Upper edge"), required=False)
    tolerance = AmountField(
        label=_("Tolerance"), required=False, help_text=_("How far outside the band progress reaches 0%.")
    )
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False, initial="CNY")
    commit = AmountField(label=_("At least"), required=False)
    stretch = AmountField(label=_("Stretch"), required=False)
    metric_key = forms.ChoiceField(label=_("Metric"), required=False)
    slice = forms.ChoiceField(label=_("Part of the business"), required=False)
    milestones = forms.CharField(
        label=_("Milestones, one in each line"),
        required=False,
        help_text=_("All weigh the same; a line that ends with ×3 weighs three times as much."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    weight = AmountField(
        label=_("Weight"),
        required=True,
        max_digits=7,
        decimal_places=4,
        min_value=0,
        max_value=100,
        error_messages={"required": _("Give it a weight.")},
    )
    locked = forms.BooleanField(label=_("Keep this share"), required=False)

    def __init__(
        self,
        *args: Any,
        metrics: Iterable[Any] = (),
        parts: Iterable[Any] = (),
        owners: Iterable[Any] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        given = self.data.get(self.add_prefix("kind")) if self.is_bound else self.initial.get("kind")
        self.fits = str(given) if given in FIELDS_OF else "increase"
        shown = {"id", "kind", "title", "weight", "locked", "owner", *FIELDS_OF[self.fits]}
        for name in list(self.fields):
            if name not in shown:
                del self.fields[name]
        self.is_paced = "checkpoints" in FIELDS_OF[self.fits]
        self.checkpoints = checkpoints.forms_of(self) if self.is_paced else []
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            ("", _("As the objective")),
            *((str(each.pk), str(each)) for each in owners),
        ]
        if "metric_key" in self.fields:
            self.fields["metric_key"].choices = [  # type: ignore[attr-defined]
                ("", _("Choose a certified metric")),
                *((each.key, str(each)) for each in metrics),
            ]
            self._parts = {f"{part.dimension}={part.value}": part for part in parts}
            self.fields["slice"].choices = self._part_choices()  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        # Every part says what is wrong with it, not only the first.
        return all([super().is_valid(), *(each.is_valid() for each in self.checkpoints)])

    def _part_choices(self) -> list[tuple[str, Any]]:
        """The whole business, then each value under its dimension; what stands stays choosable."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for text, part in self._parts.items():
            groups.setdefault(part.dimension_label, []).append((text, part.label))
        standing = str(self.initial.get("slice") or "")
        kept = [(standing, standing)] if standing and standing not in self._parts else []
        return [("", _("The whole business")), *kept, *groups.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        part = self._parts.get(cleaned.get("slice", "")) if "slice" in self.fields else None
        if part is not None and cleaned.get("metric_key") not in part.metrics:
            self.add_error("slice", _("This metric has no value for this part."))
        return cleaned

    @property
    def label(self) -> Any:
        return KeyResultKind(self.fits).label

    def content(self) -> KeyResultContent:
        """The key result of a valid form."""
        given = self.cleaned_data
        amounts: dict[str, Any] = {name: given.get(name) for name in AMOUNTS}
        return KeyResultContent(
            # Only a key result of this very objective keeps its identity; any other id would be somebody else's.
            id=self.initial.get("known") or uuid7(),
            kind=self.fits,
            title=one_line(given["title"]),
            weight_ppm=ppm_of(given["weight"]),
            owner_id=uuid.UUID(given["owner"]) if given.get("owner") else None,
            unit=one_line(given.get("unit", "")),
            currency=given.get("currency", "").strip().upper(),
            metric_key=given.get("metric_key", ""),
            slice=slice_of(given.get("slice", "")),
            milestones=_milestones(given.get("milestones", ""), self.initial.get("steps", ())),
            checkpoints=checkpoints.content_of(self.checkpoints),
            **amounts,
        )


def standing_of(known: KeyResultContent) -> dict[str, Any]:
    """What a form needs to know of the key result that it writes anew."""
    return {"steps": known.milestones, "known": known.id, "slice": slice_text(known.slice)}


def _milestones(text: str, known: Iterable[MilestoneContent]) -> tuple[MilestoneContent, ...]:
    """One for each line, with its weight after a "×"; a title that is there already keeps its milestone, and with it
    whether it is done."""
    kept = {step.title: step for step in known}
    steps: dict[str, MilestoneContent] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        weighed = None if line in kept else WEIGHED_LINE.fullmatch(line)
        title, weight = (weighed[1], int(weighed[2])) if weighed else (line, 1)
        step = kept.get(title) or MilestoneContent(title=title)
        steps.setdefault(title, dataclasses.replace(step, weight=weight))
    return tuple(steps.values())


def _line_of(step: MilestoneContent) -> str:
    return step.title if step.weight == 1 else f"{step.title} ×{step.weight}"


def rows_of(content: Content) -> list[dict[str, Any]]:
    """Key results as the initial values of their forms."""
    return [
        {
            **{
                name: getattr(each, name)
                for name in (
                    *("id", "kind", "title", "unit", "currency", "metric_key"),
                    *AMOUNTS,
                )
            },
            "owner": str(each.owner_id or ""),
            "weight": Decimal(each.weight_ppm) / 10_000,
            "slice": slice_text(each.slice),
            "milestones": "\n".join(map(_line_of, each.milestones)),
            "steps": each.milestones,
            "checkpoints": [{"on": point.on, "value": point.value} for point in each.checkpoints],
        }
        for each in content.key_results
    ]


def rows_from(posted: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows as typed, whatever is wrong with them: to show the form again with one more or one less."""
    try:
        count = min(int(posted.get(f"{PREFIX}-count", "0")), MOST_ROWS)
    except ValueError:
        count = 0
    names = list(KeyResultForm.base_fields)
    return [
        {name: posted[key] for name in names if (key := f"{PREFIX}-{place}-{name}") in posted}
        | {"checkpoints": checkpoints.rows_from(posted, f"{PREFIX}-{place}")}
        for place in range(count)
    ]


class SuggestForm(forms.Form):
    """One field and the value suggested for it."""

    field = forms.ChoiceField(label=_("What to change"))
    new = forms.CharField(label=_("Suggested"), max_length=4000)
    reason = forms.CharField(
        label=_("Why"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, choices: Iterable[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["field"].choices = list(choices)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        name = str(given.get("field", "")).rpartition(".")[2]
        if "new" in given and name not in ("title", "description", "unit"):
            try:
                amount = AmountField().clean(given["new"])
            except forms.ValidationError as error:
                self.add_error("new", error)
            else:
                given["new"] = ppm_of(amount) if name == "weight_ppm" else amount
        return given


class AlignForm(forms.Form):
    parent = forms.ChoiceField(label=_("Serves"))
    kind = forms.ChoiceField(label=_("How"), choices=AlignmentKind.choices, initial="contributes")
    share = AmountField(
        label=_("Share of it"), required=False, max_digits=7, decimal_places=4, min_value=0, max_value=100
    )

    def __init__(self, *args: Any, parents: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"].choices = [(str(each.pk), f"{each.title} · {each.owner}") for each in parents]  # type: ignore[attr-defined]


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Words"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    period = forms.ChoiceField(label=_("Period"), required=False)
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any state")), ("waiting", _("Waiting for agreement")), *State.choices],
    )
    #: What the list is sorted by stays while it is narrowed.
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        periods: Iterable[people.Period],
        owners: Iterable[people.Person],
        teams: Iterable[people.Team],
        is_by_year: bool = False,
        **options: Any,
    ) -> None:
        """`is_by_year`: a period names the fiscal year around it, all periods of which are shown."""
        super().__init__(*args, **options)
        if not self.data.get("sort"):
            del self.fields["sort"]
        if is_by_year:
            self.fields["period"].label = _("Year around")
        for name, first, rows in (
            ("period", _("This year") if is_by_year else _("Current period"), periods),
            ("owner", _("Anybody"), owners),
            ("team", _("Any team"), teams),
        ):
            self.fields[name].choices = [("", first), *((str(each.pk), str(each)) for each in rows)]  # type: ignore[attr-defined]
