"""Forms of targets."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from performance.kpis import semantics
from performance.kpis.forms.metrics import named_column
from performance.kpis.models import Metric, TargetKind
from performance.kpis.queries import months
from performance.people import queries as people
from performance.sources import queries as sources
from performance.sources.models import Dataset


class MonthField(forms.DateField):
    """2026-05 as the first day of the month; where months are of weeks, which no browser knows, one of a list."""

    widget: forms.Widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m"], **kwargs)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        bound = super().get_bound_field(form, field_name)
        if months.calendar().is_weeks:
            offered = months.offered(people.today_here())
            chosen = months.from_key(str(bound.value() or ""))
            listed = sorted({*offered, *([chosen] if chosen else [])})
            self.widget = forms.Select(choices=[(months.key(one), months.choice(one)) for one in listed])
        return bound

    def to_python(self, value: Any) -> datetime.date | None:
        """No month outside any calendar of ours."""
        if isinstance(value, str) and value and months.calendar().is_weeks:
            month = months.from_key(value)
            if month is None:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
            return month
        month = super().to_python(value)
        if month is not None and people.day_from(month.isoformat()) is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return month


class TargetForm(forms.Form):
    """One target of one month and slice."""

    kind = forms.ChoiceField(label=_("Kind"), choices=TargetKind.choices)
    month = MonthField(label=_("Month"))
    slice = forms.ChoiceField(label=_("For"), required=False)
    value = forms.DecimalField(label=_("Value"), max_digits=28, decimal_places=8)

    def __init__(self, *args: Any, slices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slice"].choices = slices  # type: ignore[attr-defined]

    def row(self, by_key: Mapping[str, dict[str, str]]) -> tuple[datetime.date, dict[str, str], Decimal]:
        given = self.cleaned_data
        return given["month"], by_key[given["slice"]], given["value"]


class TargetImportForm(forms.Form):
    """Which columns of a dataset hold targets."""

    dataset = forms.ModelChoiceField(
        label=_("Dataset"), queryset=Dataset.objects.none(), empty_label=_("Choose")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=TargetKind.choices, initial=TargetKind.BUDGET)
    metric = forms.ModelChoiceField(
        label=_("Metric"), queryset=Metric.objects.none(), required=False, empty_label=_("from a column")
    )
    metric_column = forms.ChoiceField(label=_("Column of the metric"), required=False)
    month_column = forms.ChoiceField(label=_("Column of the month"))
    value_column = forms.ChoiceField(label=_("Column of the value"))

    def __init__(
        self,
        *args: Any,
        sheet: semantics.Sheet | None,
        metrics: Any,
        dimensions: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.dimensions = dimensions
        self.fields["dataset"].queryset = sources.copied_datasets()  # type: ignore[attr-defined]
        self.fields["metric"].queryset = metrics  # type: ignore[attr-defined]
        columns = [(one.key, named_column(one)) for one in sheet.columns.values()] if sheet else []
        blank = [("", "–")]
        for name in ("metric_column", "month_column", "value_column"):
            self.fields[name].choices = [*blank, *columns]  # type: ignore[attr-defined]
        for key, label in dimensions.items():
            self.fields[f"dimension_{key}"] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[*blank, *columns],
                initial=key if sheet and key in sheet.columns else "",
            )

    @property
    def dimension_fields(self) -> list[Any]:
        return [self[f"dimension_{key}"] for key in self.dimensions]

    def chosen_dimensions(self) -> dict[str, str]:
        found = {key: self.cleaned_data.get(f"dimension_{key}", "") for key in self.dimensions}
        return {key: column for key, column in found.items() if column}
