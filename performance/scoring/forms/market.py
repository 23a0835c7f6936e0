"""Forms of market rules: × and values of a metric on the page, whole ppm and micro inside."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from performance.foundation import i18n
from performance.kpis import queries as kpi_queries
from performance.scoring import evidence
from performance.scoring.forms.components import WHOLE_ORGANISATION, color_at, key_of, slices
from performance.scoring.models import MOST_MONTHS, WHOLE, MarketSide, Measure

PREFIX, ADD = "m", "add_rule"
EFFECT = "effect_"


@dataclass(frozen=True)
class Target:
    """A component that a rule may move, as the form for components has it."""

    key: str
    name: str
    color: int


class MarketRuleForm(forms.Form):
    """One market rule. A row without a name and a metric is not one."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120, required=False)
    metric = forms.ChoiceField(label=gettext_lazy("Metric"), required=False)
    slice = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    measure = forms.ChoiceField(label=gettext_lazy("It reads"), choices=Measure.choices, required=False)
    span = forms.IntegerField(
        label=gettext_lazy("A change over"), min_value=1, max_value=MOST_MONTHS, required=False
    )
    side = forms.ChoiceField(label=gettext_lazy("It counts"), choices=MarketSide.choices, required=False)
    starts = forms.DecimalField(
        label=gettext_lazy("Begins at"), max_digits=18, decimal_places=6, required=False
    )
    full = forms.DecimalField(
        label=gettext_lazy("Counts fully at"), max_digits=18, decimal_places=6, required=False
    )
    months = forms.IntegerField(
        label=gettext_lazy("Takes hold after"), min_value=1, max_value=MOST_MONTHS, required=False
    )
    until_months = forms.IntegerField(
        label=gettext_lazy("Ends after"), min_value=1, max_value=MOST_MONTHS, required=False
    )

    def __init__(
        self, *args: Any, metrics: Sequence[tuple[str, Any]], targets: Sequence[Target], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.targets = targets
        choices = dict(metrics)
        present = self.initial.get("metric")
        if present and present not in choices:
            # One that is no longer certified stays choosable where it stands.
            choices[present] = present
        self.fields["metric"].choices = list(choices.items())  # type: ignore[attr-defined]
        self.fields["slice"].choices = slices(self.initial.get("slice"))  # type: ignore[attr-defined]
        for target in targets:
            self.fields[EFFECT + target.key] = forms.DecimalField(
                label=target.name, min_value=Decimal("0.5"), max_value=2, decimal_places=4, required=False
            )

    @property
    def is_blank(self) -> bool:
        cleaned = getattr(self, "cleaned_data", {})
        return not cleaned.get("name_en") and not cleaned.get("metric")

    @property
    def effect_fields(self) -> list[tuple[Any, int]]:
        """The multiplier of each component, with its colour."""
        return [(self[EFFECT + target.key], target.color) for target in self.targets]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_blank:
            for name in ("starts", "full"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Give a value of the metric."))
        return cleaned

    def draft(self, position: int) -> evidence.RuleDraft:
        """The rule in whole micro and ppm. To be called on a valid form."""
        cleaned = self.cleaned_data
        stated = {target.key: cleaned.get(EFFECT + target.key) for target in self.targets}
        return evidence.RuleDraft(
            key=key_of(cleaned["key"], cleaned["name_en"], position, "rule"),
            name_en=cleaned["name_en"],
            name_zh=cleaned["name_zh"],
            metric_key=cleaned["metric"],
            slice=json.loads(cleaned["slice"] or WHOLE_ORGANISATION),
            measure=cleaned["measure"] or Measure.LEVEL,
            side=cleaned["side"] or MarketSide.BELOW,
            starts_micro=int(cleaned["starts"] * WHOLE),
            full_micro=int(cleaned["full"] * WHOLE),
            months=cleaned["months"] or 1,
            until_months=cleaned["until_months"] or 1,
            span=cleaned["span"] or 1,
            effects={key: int(factor * WHOLE) for key, factor in stated.items() if factor is not None},
        )


class BaseRules(forms.BaseFormSet):
    """The market rules together: they must move what the policy weighs."""

    drafts: list[evidence.RuleDraft]

    def clean(self) -> None:
        self.drafts = []
        if any(self.errors):
            return
        rows = [form for form in self.forms if not form.is_blank and form not in self.deleted_forms]
        drafts = [form.draft(position) for position, form in enumerate(rows)]
        by_key = {draft.key: form for draft, form in zip(drafts, rows, strict=True)}
        targets = {target.key for target in self.form_kwargs["targets"]}
        for trouble in evidence.rule_troubles(drafts, targets):
            if trouble.key not in by_key:
                raise forms.ValidationError(trouble.message, code=trouble.code)
            form = by_key[trouble.key]
            form.add_error(trouble.field if trouble.field in form.fields else None, trouble.message)
        if any(form.errors for form in rows):
            raise forms.ValidationError(_("Some market rules need a correction."), code="market_rules")
        self.drafts = drafts


def rules_formset(request: HttpRequest, stored: Sequence[evidence.RuleDraft], components: Any) -> Any:
    """The rows of market rules: as sent, or as stored. `components` is the formset of what they may move."""
    formset: Any = forms.formset_factory(
        MarketRuleForm,
        formset=BaseRules,
        extra=0,
        can_delete=True,
        max_num=evidence.MOST_RULES,
        absolute_max=evidence.MOST_RULES + 2,
    )
    options: dict[str, Any] = {
        "prefix": PREFIX,
        "initial": [initial_rule(rule) for rule in stored],
        "form_kwargs": {"metrics": _metrics(), "targets": targets_of(components)},
    }
    if request.method != "POST":
        return formset(**options)
    data = request.POST.copy()
    data.setdefault(f"{PREFIX}-INITIAL_FORMS", "0")
    number = data.setdefault(f"{PREFIX}-TOTAL_FORMS", "0")
    if data.get("do") == ADD and number.isdecimal():
        data[f"{PREFIX}-TOTAL_FORMS"] = str(min(int(number) + 1, evidence.MOST_RULES))
    return formset(data, **options)


def targets_of(components: Any) -> list[Target]:
    """The components that stand in their formset, sent or stored: a rule may move one that is not saved yet."""
    found: dict[str, Target] = {}
    named = [form for form in components.forms if form["name_en"].value() and not form["DELETE"].value()]
    for position, form in enumerate(named):
        name_en, name_zh = form["name_en"].value(), form["name_zh"].value()
        key = key_of(form["key"].value(), name_en, position)
        color = str(form["color"].value() or color_at(position))
        name = name_zh if i18n.is_chinese() and name_zh else name_en
        found[key] = Target(key, name, int(color) if color.isdecimal() else 1)
    return list(found.values())


def initial_rule(rule: evidence.RuleDraft) -> dict[str, Any]:
    """What a rule's form shows."""
    return {
        "key": rule.key,
        "name_en": rule.name_en,
        "name_zh": rule.name_zh,
        "metric": rule.metric_key,
        "slice": json.dumps(dict(rule.slice), sort_keys=True),
        "measure": rule.measure,
        "span": rule.span,
        "side": rule.side,
        "starts": Decimal(rule.starts_micro) / WHOLE,
        "full": Decimal(rule.full_micro) / WHOLE,
        "months": rule.months,
        "until_months": rule.until_months,
        **{EFFECT + key: Decimal(full) / WHOLE for key, full in rule.effects.items()},
    }


def _metrics() -> list[tuple[str, Any]]:
    certified = kpi_queries.certified_metrics()
    return [("", gettext_lazy("Choose")), *((metric.key, i18n.local(metric, "name")) for metric in certified)]
