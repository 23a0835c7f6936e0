"""Forms of alert rules, alerts and notes."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.kpis import actions
from performance.kpis.forms.owners import PersonChoice
from performance.kpis.forms.targets import MonthField
from performance.kpis.models import AlertKind, Direction, Operator
from performance.people.models import Person

DAY = {"type": "date"}


class AlertRuleForm(forms.Form):
    """`slices`: (key, label), the whole first; `cuts`: dimension key → name; `people`: who may answer; `direction`: of
    the metric, whose bad side a limit is proposed on."""

    kind = forms.ChoiceField(label=_("Raised when"), choices=AlertKind.choices)
    operator = forms.ChoiceField(
        label=_("Above or below"),
        choices=Operator.choices,
        required=False,
        help_text=_("Counts for a limit alone."),
    )
    value = forms.DecimalField(
        label=_("Limit or tolerance"),
        max_digits=28,
        decimal_places=8,
        required=False,
        help_text=_(
            "A limit in the unit of the metric. For path and budget: how many per cent off are still fine."
        ),
    )
    slice = forms.ChoiceField(label=_("For"), required=False)
    cut = forms.ChoiceField(label=_("Each part by"), required=False)
    owner = PersonChoice(
        label=_("Who answers"),
        queryset=Person.objects.none(),
        required=False,
        empty_label=_("the business owner of the metric"),
    )
    answer_days = forms.IntegerField(label=_("Days to answer"), min_value=1, max_value=90, initial=5)

    def __init__(
        self,
        *args: Any,
        slices: list[tuple[str, str]],
        cuts: Mapping[str, str],
        people: Any,
        direction: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["operator"].initial = Operator.BELOW if direction == Direction.UP else Operator.ABOVE
        self.fields["slice"].choices = slices  # type: ignore[attr-defined]
        self.fields["cut"].choices = [("", _("as a whole")), *cuts.items()]  # type: ignore[attr-defined]
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def wording(self, by_key: Mapping[str, dict[str, str]]) -> actions.RuleWording:
        """What was typed; what the kind does not use is left out."""
        given = self.cleaned_data
        is_threshold = given["kind"] == AlertKind.THRESHOLD
        has_value = given["kind"] not in (AlertKind.STALENESS, AlertKind.ANOMALY)
        has_slice = given["kind"] != AlertKind.STALENESS
        return actions.RuleWording(
            kind=given["kind"],
            slice=by_key.get(given["slice"], {}) if has_slice else {},
            cut=given["cut"] if has_slice else "",
            operator=given["operator"] if is_threshold else "",
            value=given["value"] if has_value else None,
            owner=given["owner"],
            answer_days=given["answer_days"],
        )


class TakeUpForm(forms.Form):
    cause = forms.CharField(
        label=_("Cause"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what the cause is, as far as you know.")},
    )
    action = forms.CharField(
        label=_("What is done about it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what is done about it.")},
    )
    due_on = forms.DateField(label=_("Done by"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))


class HandOverForm(forms.Form):
    to = PersonChoice(
        label=_("To whom"),
        queryset=Person.objects.none(),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose a person.")},
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class ResolveForm(forms.Form):
    resolution = forms.CharField(
        label=_("What came of it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what came of it.")},
    )
    remember = forms.BooleanField(
        label=_("Keep the cause as a note on this month"), required=False, initial=True
    )


class PointNoteForm(forms.Form):
    month = MonthField(label=_("Month"))
    text = forms.CharField(
        label=_("What explains the value"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
