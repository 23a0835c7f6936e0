"""Forms of what a weight policy weighs: percent and × on the page, whole ppm inside."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from performance.engine import fixed
from performance.foundation import i18n
from performance.kpis import queries as kpi_queries
from performance.scoring import evidence
from performance.scoring.models import OWN_UNIT, WHOLE, Category, SourceKind, Stage

PERCENT = WHOLE // 100
COLOURS = 8
SPARE_ROWS = 1
#: Digits of a value of a curve.
LONGEST = fixed.MOST_PLACES
WHOLE_ORGANISATION = "{}"
OWN = ((OWN_UNIT, gettext_lazy("The person’s own unit")),)


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

    def __init__(
        self, *args: Any, sources: Sequence[tuple[str, Any]], by_pairs: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.by_pairs = by_pairs
        self.fields["source"].choices = with_present(sources, self.initial.get("source"))  # type: ignore[attr-defined]
        self.fields["slice"].choices = slices(self.initial.get("slice"), OWN)  # type: ignore[attr-defined]
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

    @property
    def has_wrong_stages(self) -> bool:
        return any(bound.errors for bound in self.stage_fields)

    @property
    def stages_given(self) -> list[tuple[Any, Any]]:
        """Stage and multiplier, as they stand in the form."""
        return [
            (bound.label, bound.value()) for bound in self.stage_fields if bound.value() not in (None, "")
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_blank:
            return cleaned
        for name, words in (
            ("name_en", _("Name this component.")),
            ("base", _("Give it a base weight.")),
            ("source", _("Say what measures it.")),
        ):
            if name == "base" and self.by_pairs:
                continue
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, words)
        return cleaned

    def draft(self, position: int) -> evidence.ComponentDraft:
        """The component in whole ppm. To be called on a valid form."""
        cleaned = self.cleaned_data
        source_kind, _colon, source_ref = cleaned["source"].partition(":")
        return evidence.ComponentDraft(
            key=key_of(cleaned["key"], cleaned["name_en"], position),
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
            color=cleaned["color"] or color_at(position),
            multipliers=self._multipliers(),
        )

    def _multipliers(self) -> dict[str, int]:
        given = {stage: self.cleaned_data.get(f"stage_{stage}") for stage in Stage.values}
        return {stage: int(value * WHOLE) for stage, value in given.items() if value is not None}

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
    #: Comparisons in pairs that base weights follow from: set before validating. None while some are missing.
    weighing: evidence.Weighing | None = evidence.PLAIN

    def clean(self) -> None:
        self.drafts = []
        if any(self.errors) or self.weighing is None:
            return
        rows = [form for form in self.forms if not form.is_blank and form not in self.deleted_forms]
        stated = [form.draft(position) for position, form in enumerate(rows)]
        self.drafts = evidence.by_pairs(stated, self.weighing)
        by_key = {draft.key: form for draft, form in zip(self.drafts, rows, strict=True)}
        for trouble in evidence.troubles(self.drafts, weighing=self.weighing):
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


def shortcomings(rows: forms.BaseFormSet, unnamed: str) -> list[str]:
    """What is wrong with the rows of a formset, one sentence each, named by row."""
    named = [
        f"{form.cleaned_data.get('name_en') or unnamed}: {message}"
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


def with_present(choices: Sequence[tuple[str, Any]], present: str | None) -> list[tuple[str, Any]]:
    """A metric that is no longer certified stays choosable where it stands."""
    if not present or present in dict(choices):
        return list(choices)
    return [*choices, (present, present.partition(":")[2])]


def key_of(stated: str, name_en: str, position: int, kind: str = "component") -> str:
    """What a row of the form is called inside, the stored key or one made of its name."""
    return stated or slugify(name_en)[:50] or f"{kind}-{position + 1}"


def color_at(position: int) -> int:
    return position % COLOURS + 1


def slices(present: str | None, first: Sequence[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """The parts of the business to choose from: what comes `first`, the whole, and the one that stands there."""
    choices = [*first, (WHOLE_ORGANISATION, gettext_lazy("The whole organisation"))]
    if present and present not in dict(choices):
        choices.append((present, ", ".join(f"{name} {value}" for name, value in json.loads(present).items())))
    return choices


def _ppm(percent: Decimal | None, default: int) -> int:
    return default if percent is None else int(percent * PERCENT)


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")
