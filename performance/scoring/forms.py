"""Forms of a weight policy, percent and × on the page, whole ppm inside; and of a question about a score."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from performance.engine import fixed
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis import queries as kpi_queries
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import (
    LONGEST_QUESTION,
    OWN_UNIT,
    WHOLE,
    About,
    Category,
    Missing,
    PolicyVersion,
    SourceKind,
    Stage,
)

PERCENT = WHOLE // 100
COLOURS = 8
SPARE_ROWS = 1
#: Digits of a value of a curve.
LONGEST = fixed.MOST_PLACES


class CurveKind:
    """The curves that the form can edit; a curve of another kind is kept as it is."""

    IDENTITY, LINEAR, WITHIN, KEPT = "identity", "linear", "within", "kept"
    CHOICES = [
        (IDENTITY, gettext_lazy("The value is the score")),
        (LINEAR, gettext_lazy("Floor, target, stretch")),
        (WITHIN, gettext_lazy("Within a range")),
    ]
    FIELDS = {
        IDENTITY: (),
        LINEAR: ("floor", "target", "stretch"),
        WITHIN: ("lower", "upper", "tolerance"),
    }


class PolicyForm(forms.Form):
    """What holds for the policy as a whole."""

    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120)
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120, required=False)
    unit = forms.ModelChoiceField(
        label=gettext_lazy("For the people of"),
        queryset=people.BusinessUnit.objects.none(),
        required=False,
        empty_label=gettext_lazy("The whole organisation"),
        help_text=gettext_lazy("Units below follow it unless they have a policy of their own."),
    )
    period = forms.ModelChoiceField(label=gettext_lazy("Period"), queryset=people.Period.objects.none())
    stage = forms.ChoiceField(
        label=gettext_lazy("Business stage"), choices=Stage.choices, initial=Stage.MATURE
    )
    missing = forms.ChoiceField(
        label=gettext_lazy("A component without data"), choices=Missing.choices, initial=Missing.LEAVE_OUT
    )
    step_cap = forms.DecimalField(
        label=gettext_lazy("A weight moves per period at most"),
        min_value=0,
        max_value=100,
        decimal_places=4,
        required=False,
        initial=Decimal(5),
        help_text=gettext_lazy("In percentage points. Empty: no cap."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why the weights change"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=gettext_lazy("Shown to everybody they apply to."),
    )

    def __init__(self, *args: Any, version: PolicyVersion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(evidence.MOST_BANDS):
            self.fields |= _band_fields(place)
        self.fields["period"].queryset = people.Period.objects.exclude(state="closed").order_by("-starts_on")  # type: ignore[attr-defined]
        if version is None:
            self.fields["unit"].queryset = people.BusinessUnit.objects.order_by("code")  # type: ignore[attr-defined]
        else:
            for name in ("name_en", "name_zh", "unit"):
                del self.fields[name]

    @property
    def band_rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each band, lowest first: names and lower bound."""
        return [
            (self[f"band_{place}_name_en"], self[f"band_{place}_name_zh"], self[f"band_{place}_from"])
            for place in range(evidence.MOST_BANDS)
        ]

    @property
    def bands(self) -> tuple[evidence.Band, ...]:
        """The bands that are filled in. To be called on a valid form."""
        return tuple(band for _place, band in self._given_bands())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given = self._given_bands()
        for trouble in evidence.band_troubles([band for _place, band in given]):
            place = given[int(trouble.key or 0)][0]
            self.add_error(f"band_{place}_{trouble.field}", trouble.message)
        return cleaned

    def _given_bands(self) -> list[tuple[int, evidence.Band]]:
        found = []
        for place in range(evidence.MOST_BANDS):
            name_en, name_zh, bound = (
                self.cleaned_data.get(f"band_{place}_{name}") for name in ("name_en", "name_zh", "from")
            )
            if name_en or name_zh or bound is not None:
                micro = None if bound is None else int(bound * WHOLE)
                found.append((place, evidence.Band(name_en or "", name_zh or "", micro)))
        return found

    @property
    def step_cap_ppm(self) -> int | None:
        cap = self.cleaned_data.get("step_cap")
        return None if cap is None else int(cap * PERCENT)


def _band_fields(place: int) -> dict[str, forms.Field]:
    """One band. A row that is left empty is none."""
    longest = evidence.LONGEST_NAME
    return {
        f"band_{place}_name_en": forms.CharField(
            label=gettext_lazy("Name in English"), max_length=longest, required=False
        ),
        f"band_{place}_name_zh": forms.CharField(
            label=gettext_lazy("Name in Chinese"), max_length=longest, required=False
        ),
        f"band_{place}_from": forms.DecimalField(
            label=gettext_lazy("From score"), max_digits=8, decimal_places=2, required=False
        ),
    }


def initial_bands(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows of bands show, lowest first."""
    shown: dict[str, Any] = {}
    for place, band in enumerate(evidence.bands_from(kept)):
        bound = band.from_micro
        shown |= {
            f"band_{place}_name_en": band.name_en,
            f"band_{place}_name_zh": band.name_zh,
            f"band_{place}_from": None if bound is None else formats.trimmed(Decimal(bound) / WHOLE),
        }
    return shown


class ComponentForm(forms.Form):
    """One component. A row without a name is not one."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    color = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=COLOURS)
    kept_curve = forms.CharField(widget=forms.HiddenInput, required=False)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120, required=False)
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=Category.choices, required=False)
    source = forms.ChoiceField(label=gettext_lazy("Measured by"), required=False)
    slice = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    base = forms.DecimalField(
        label=gettext_lazy("Base weight"), min_value=0, max_value=100, decimal_places=4, required=False
    )
    lowest = forms.DecimalField(
        label=gettext_lazy("Minimum"), min_value=0, max_value=100, decimal_places=4, required=False
    )
    highest = forms.DecimalField(
        label=gettext_lazy("Maximum"), min_value=0, max_value=100, decimal_places=4, required=False
    )
    curve = forms.ChoiceField(
        label=gettext_lazy("Score"), choices=CurveKind.CHOICES, required=False, initial=CurveKind.IDENTITY
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Better is"),
        choices=[
            ("higher", pgettext_lazy("direction", "Higher")),
            ("lower", pgettext_lazy("direction", "Lower")),
        ],
        required=False,
    )
    floor = forms.DecimalField(
        label=pgettext_lazy("curve", "Floor, 0 points"), max_digits=LONGEST, required=False
    )
    target = forms.DecimalField(
        label=pgettext_lazy("curve", "Target, 100 points"), max_digits=LONGEST, required=False
    )
    stretch = forms.DecimalField(
        label=pgettext_lazy("curve", "Stretch, 120 points"), max_digits=LONGEST, required=False
    )
    lower = forms.DecimalField(label=pgettext_lazy("range", "From"), max_digits=LONGEST, required=False)
    upper = forms.DecimalField(label=pgettext_lazy("range", "To"), max_digits=LONGEST, required=False)
    tolerance = forms.DecimalField(label=gettext_lazy("Tolerance"), max_digits=LONGEST, required=False)

    def __init__(self, *args: Any, sources: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = _with_present(sources, self.initial.get("source"))  # type: ignore[attr-defined]
        self.fields["slice"].choices = _slices(self.initial.get("slice"))  # type: ignore[attr-defined]
        if (
            self.initial.get("curve") == CurveKind.KEPT
            or self.data.get(self.add_prefix("curve")) == CurveKind.KEPT
        ):
            self.fields["curve"].choices = [  # type: ignore[attr-defined]
                *CurveKind.CHOICES,
                (CurveKind.KEPT, gettext_lazy("Steps or bands, as they are")),
            ]
        for stage, label in Stage.choices:
            self.fields[f"stage_{stage}"] = forms.DecimalField(
                label=label, min_value=Decimal("0.5"), max_value=Decimal(2), decimal_places=4, required=False
            )

    @property
    def is_blank(self) -> bool:
        """Nothing named, nothing weighed: a spare row."""
        cleaned = getattr(self, "cleaned_data", {})
        return not cleaned.get("name_en") and cleaned.get("base") is None

    @property
    def stage_fields(self) -> list[Any]:
        return [self[f"stage_{stage}"] for stage in Stage.values]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_blank:
            return cleaned
        for name, words in (
            ("name_en", _("Name this component.")),
            ("base", _("Give it a base weight.")),
            ("source", _("Say what measures it.")),
        ):
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, words)
        return cleaned

    def draft(self, position: int) -> evidence.ComponentDraft:
        """The component in whole ppm. To be called on a valid form."""
        cleaned = self.cleaned_data
        source_kind, _colon, source_ref = cleaned["source"].partition(":")
        multipliers = {stage: cleaned.get(f"stage_{stage}") for stage in Stage.values}
        return evidence.ComponentDraft(
            key=cleaned["key"] or slugify(cleaned["name_en"])[:50] or f"component-{position + 1}",
            name_en=cleaned["name_en"],
            name_zh=cleaned["name_zh"],
            category=cleaned["category"] or Category.BUSINESS,
            source_kind=source_kind,
            source_ref=source_ref,
            slice=OWN_UNIT if cleaned["slice"] in ("", OWN_UNIT) else json.loads(cleaned["slice"]),
            base_ppm=_ppm(cleaned["base"], 0),
            min_ppm=_ppm(cleaned["lowest"], 0),
            max_ppm=_ppm(cleaned["highest"], WHOLE),
            curve=self._curve(),
            color=cleaned["color"] or position % COLOURS + 1,
            multipliers={
                stage: int(value * WHOLE) for stage, value in multipliers.items() if value is not None
            },
        )

    def _curve(self) -> dict[str, Any]:
        kind = self.cleaned_data["curve"] or CurveKind.IDENTITY
        if kind == CurveKind.KEPT:
            kept: dict[str, Any] = json.loads(self.cleaned_data["kept_curve"] or "{}")
            return kept
        values = {name: self.cleaned_data[name] for name in CurveKind.FIELDS[kind]}
        curve = {"kind": kind} | {name: _text(value) for name, value in values.items() if value is not None}
        if kind == CurveKind.LINEAR:
            curve["direction"] = self.cleaned_data["direction"] or "higher"
        return curve


class BaseComponents(forms.BaseFormSet):
    """The components together: they must be a policy."""

    drafts: list[evidence.ComponentDraft]

    def clean(self) -> None:
        self.drafts = []
        if any(self.errors):
            return
        rows = [form for form in self.forms if not form.is_blank and form not in self.deleted_forms]
        self.drafts = [form.draft(position) for position, form in enumerate(rows)]
        by_key = {draft.key: form for draft, form in zip(self.drafts, rows, strict=True)}
        for trouble in evidence.troubles(self.drafts):
            if trouble.key in by_key and trouble.code != "duplicate_key":
                by_key[trouble.key].add_error(trouble.field, trouble.message)
            else:
                raise forms.ValidationError(trouble.message, code=trouble.code)
        if any(form.errors for form in rows):
            raise forms.ValidationError(_("Some components need a correction."), code="components")


def components_formset(*, spare: int = SPARE_ROWS) -> type[BaseComponents]:
    return forms.formset_factory(  # type: ignore[return-value]
        ComponentForm, formset=BaseComponents, extra=spare, can_delete=True, max_num=24, absolute_max=30
    )


def shortcomings(rows: BaseComponents) -> list[str]:
    """What is wrong with the components, one sentence each, named by component."""
    named = [
        f"{form.cleaned_data.get('name_en') or _('A component')}: {message}"
        for form in rows.forms
        for messages in form.errors.values()
        for message in messages
    ]
    return named or [str(message) for message in rows.non_form_errors()]


def sources() -> list[tuple[str, Any]]:
    """What a component may be measured by: the sources of this installation, metrics by name. One query."""
    known = evidence.known_sources()
    choices: list[tuple[str, Any]] = [("", gettext_lazy("Choose"))]
    if SourceKind.OKR in known:
        choices.append((f"{SourceKind.OKR}:", SourceKind.OKR.label))
    if SourceKind.FEEDBACK in known:
        choices.append((f"{SourceKind.FEEDBACK}:", SourceKind.FEEDBACK.label))
    if SourceKind.KPI in known:
        metrics = kpi_queries.certified_metrics()
        choices += [(f"{SourceKind.KPI}:{metric.key}", i18n.local(metric, "name")) for metric in metrics]
    return choices


def initial_of(draft: evidence.ComponentDraft) -> dict[str, Any]:
    """What a component's form shows."""
    curve = dict(draft.curve)
    kind = curve.get("kind") if curve.get("kind") in CurveKind.FIELDS else CurveKind.KEPT
    if kind != CurveKind.KEPT and set(curve) - {"kind", "direction", *CurveKind.FIELDS[str(kind)]}:
        kind = CurveKind.KEPT
    shown = {
        name: Decimal(str(curve[name])) for name in CurveKind.FIELDS.get(str(kind), ()) if curve.get(name)
    }
    return {
        "key": draft.key,
        "color": draft.color,
        "kept_curve": json.dumps(curve) if kind == CurveKind.KEPT else "",
        "name_en": draft.name_en,
        "name_zh": draft.name_zh,
        "category": draft.category,
        "source": f"{draft.source_kind}:{draft.source_ref}",
        "slice": OWN_UNIT if draft.slice == OWN_UNIT else json.dumps(draft.slice, sort_keys=True),
        "base": Decimal(draft.base_ppm) / PERCENT,
        "lowest": Decimal(draft.min_ppm) / PERCENT if draft.min_ppm else None,
        "highest": Decimal(draft.max_ppm) / PERCENT if draft.max_ppm < WHOLE else None,
        "curve": kind,
        "direction": curve.get("direction", "higher"),
        **shown,
        **{f"stage_{stage}": Decimal(value) / WHOLE for stage, value in draft.multipliers.items()},
    }


def _with_present(choices: Sequence[tuple[str, Any]], present: str | None) -> list[tuple[str, Any]]:
    """A metric that is no longer certified stays choosable where it stands."""
    if not present or present in dict(choices):
        return list(choices)
    return [*choices, (present, present.partition(":")[2])]


def _slices(present: str | None) -> list[tuple[str, Any]]:
    choices: list[tuple[str, Any]] = [
        (OWN_UNIT, gettext_lazy("The person’s own unit")),
        ("{}", gettext_lazy("The whole organisation")),
    ]
    if present and present not in (OWN_UNIT, "{}"):
        choices.append((present, ", ".join(f"{name} {value}" for name, value in json.loads(present).items())))
    return choices


def _ppm(percent: Decimal | None, default: int) -> int:
    return default if percent is None else int(percent * PERCENT)


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")


class ProposeForm(forms.Form):
    """The reason that goes with a proposal."""

    reason = forms.CharField(
        label=gettext_lazy("Why the weights change"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )


class LockForm(forms.Form):
    """From which day the weights apply; only asked once the period has begun."""

    effective_on = forms.DateField(
        label=gettext_lazy("In force from"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )


class AskForm(forms.Form):
    """A question about a score. The whole score has a weight policy, a component a weight of its own."""

    about = forms.ChoiceField(
        label=gettext_lazy("What you want to know about"), choices=About.choices, initial=About.NUMBER
    )
    text = forms.CharField(
        label=gettext_lazy("Your question"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_QUESTION,
    )

    def __init__(self, *args: Any, components: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext_lazy("The whole score")), *components]
        self.fields["component"] = forms.ChoiceField(
            label=gettext_lazy("About"), required=False, choices=choices
        )
        self.order_fields(["component", "about", "text"])
