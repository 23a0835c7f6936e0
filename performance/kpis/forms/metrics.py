"""The form of a definition."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.kpis import semantics
from performance.kpis.forms import lists
from performance.kpis.forms.allocating import AllocationFields, allocations_initial, place_count
from performance.kpis.forms.owners import PersonChoice
from performance.kpis.models import (
    Accumulation,
    Aggregation,
    CurrencyRule,
    Direction,
    Kind,
    Metric,
    MetricVersion,
    MissingPolicy,
    VersionState,
)
from performance.kpis.semantics.filters import MAX_FILTERS, NULLNESS, OPERATORS
from performance.people import queries as people
from performance.people.models import Person
from performance.sources import queries as sources
from performance.sources.models import Dataset

#: Places for filters that a form offers; one that has more shows them all.
FILTER_ROWS = 3


class MetricForm(AllocationFields):
    """A definition. `sheet` names the columns of the chosen dataset; for a formula there is none."""

    key = forms.CharField(
        label=_("Key"), max_length=60, help_text=_("Used in formulas: small letters, digits, underscores.")
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    business_owner = PersonChoice(
        label=_("Business owner"), queryset=Person.objects.none(), empty_label=_("Choose")
    )
    finance_owner = PersonChoice(
        label=_("Finance owner"), queryset=Person.objects.none(), empty_label=_("Choose")
    )
    kind = forms.ChoiceField(
        label=_("Computed from"),
        choices=[
            ("base", _("Rows of a dataset")),
            ("derived", _("Other metrics")),
            ("cumulative", _("A running total of one metric")),
        ],
        widget=forms.RadioSelect,
        initial="base",
    )
    dataset = forms.ModelChoiceField(
        label=_("Dataset"), queryset=Dataset.objects.none(), required=False, empty_label=_("Choose")
    )
    aggregation = forms.ChoiceField(label=_("How rows add up"), choices=Aggregation.choices, required=False)
    expression = forms.CharField(
        label=_("Column or arithmetic"),
        max_length=1000,
        required=False,
        help_text=_("For example: quantity * net_price. Leave empty to count rows."),
    )
    time_column = forms.ChoiceField(label=_("Date that decides the month"), required=False)
    formula = forms.CharField(
        label=_("Formula"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Metrics by key or name, + − × ÷, brackets, numbers."),
    )
    accumulation = forms.ChoiceField(
        label=_("Runs over"), choices=Accumulation.choices, required=False, initial=Accumulation.YEAR
    )
    accumulation_months = forms.IntegerField(
        label=_("Number of months"),
        required=False,
        initial=12,
        help_text=_("For a total over the last months: 12 for a rolling year."),
    )
    year_starts_in = forms.TypedChoiceField(
        label=_("First month of the year"),
        choices=[("", _("the organisation’s own")), *MONTHS.items()],
        required=False,
        coerce=int,
        empty_value=None,
    )
    dimensions = forms.MultipleChoiceField(
        label=_("Can be cut by"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At most three."),
    )
    unit = forms.CharField(
        label=_("Unit"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
        help_text=_(
            "For example money:CNY, percent, count:customer. A formula works it out itself. In percent, two fifths are 40."
        ),
    )
    decimals = forms.IntegerField(label=_("Decimals shown"), min_value=0, max_value=8, initial=2)
    direction = forms.ChoiceField(label=_("Better"), choices=Direction.choices, initial=Direction.UP)
    missing_policy = forms.ChoiceField(
        label=_("When an input is missing"), choices=MissingPolicy.choices, initial=MissingPolicy.NULL
    )
    currency_rule = forms.ChoiceField(
        label=_("Amounts in other currencies"),
        required=False,
        choices=[("", _("are taken as they are")), *CurrencyRule.choices],
        help_text=_(
            "What comes in over time: average rate or rate of the day. A balance: closing rate. The dataset says which "
            "currency a column is in."
        ),
    )
    tie_out = forms.ChoiceField(
        label=_("Ledger account"),
        required=False,
        help_text=_(
            "The metric that holds the account in the ledger. Before the last signature the two must agree."
        ),
    )
    tie_out_reversed = forms.BooleanField(label=_("The account has the other sign"), required=False)
    tie_out_tolerance = forms.CharField(
        label=_("May differ by"),
        max_length=30,
        required=False,
        help_text=_("An amount such as 250, or a share such as 0.5 %. Empty: not at all."),
    )
    tie_out_reason = forms.CharField(
        label=_("Why it is not tied out"),
        max_length=500,
        required=False,
        help_text=_("Money that is read from data names its account, or says here why it has none."),
    )
    effective_from = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    description_en = forms.CharField(
        label=_("Meaning in English"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    description_zh = forms.CharField(
        label=_("Meaning in Chinese"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "lang": "zh-Hans"}),
    )
    change_note = forms.CharField(label=_("What changes and why"), required=False, max_length=500)

    def __init__(
        self,
        *args: Any,
        sheet: semantics.Sheet | None,
        shared: Mapping[str, str],
        accounts: Sequence[tuple[str, str]] = (),
        metric: Metric | None = None,
        version: MetricVersion | None = None,
        **kwargs: Any,
    ) -> None:
        """`shared`: dimension key → name, of the metrics that formulas may use. `accounts`: key and name of each metric
        that may hold a ledger account. `metric`: the one that is revised. `version`: the wording that it starts from;
        what the form does not show of it stays as it is."""
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        self.named_cuts = _named_cuts(version)
        for name, role in (("business_owner", "business_owner"), ("finance_owner", "finance_owner")):
            self.fields[name].queryset = people.people_with_role(role)  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = sources.datasets_for_metrics()  # type: ignore[attr-defined]
        columns = list(sheet.columns.values()) if sheet else []
        self._choices(
            "time_column",
            [(one.key, named_column(one)) for one in columns if one.type in ("date", "timestamp")],
        )
        cuttable = [
            (one.key, named_column(one)) for one in columns if _cuts(one) or one.key in self.named_cuts
        ]
        self._choices("tie_out", [("", str(_("not tied out"))), *accounts])
        self._choices("dimensions", cuttable if sheet else list(shared.items()))
        self.add_places()
        self.filter_count = place_count(
            self.data if self.is_bound else self.initial, "filter", "column", FILTER_ROWS, MAX_FILTERS
        )
        for number in range(self.filter_count):
            self._add_filter(number, columns)
        if metric is not None:
            for name in ("key", "name_en", "name_zh", "business_owner", "finance_owner"):
                del self.fields[name]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _add_filter(self, number: int, columns: list[semantics.Column]) -> None:
        blank = [("", _("no filter"))]
        self.fields[f"filter_{number}_column"] = forms.ChoiceField(
            label=_("Column"),
            required=False,
            choices=[*blank, *((one.key, named_column(one)) for one in columns)],
        )
        self.fields[f"filter_{number}_op"] = forms.ChoiceField(
            label=_("Comparison"), required=False, choices=list(OPERATORS.items())
        )
        self.fields[f"filter_{number}_value"] = forms.CharField(
            label=_("Value, or values with commas"), required=False, max_length=20_000
        )

    @property
    def chosen_dataset(self) -> str:
        value = self["dataset"].value()
        return str(getattr(value, "pk", value) or "")

    @property
    def filter_rows(self) -> list[tuple[Any, Any, Any]]:
        return [
            (self[f"filter_{number}_column"], self[f"filter_{number}_op"], self[f"filter_{number}_value"])
            for number in range(self.filter_count)
        ]

    def definition(self) -> semantics.Definition:
        """What was typed, to be judged by the action."""
        given = self.cleaned_data
        is_base = given["kind"] == "base"
        return semantics.Definition(
            kind=given["kind"],
            unit=given["unit"],
            effective_from=given["effective_from"],
            direction=given["direction"],
            decimals=given["decimals"],
            description_en=given["description_en"],
            description_zh=given["description_zh"],
            dataset=given["dataset"] if is_base else None,
            aggregation=given["aggregation"] if is_base else "",
            expression=given["expression"].strip() if is_base else "",
            filters=self._filters() if is_base else [],
            time_column=given["time_column"] if is_base else "",
            formula="" if is_base else given["formula"],
            dimensions=self._dimensions(is_base),
            missing_policy=given["missing_policy"],
            allocations=self.typed_allocations() if given["kind"] == Kind.DERIVED else {},
            currency_rule=given["currency_rule"] if is_base else "",
            change_note=given["change_note"],
            tie_out=given["tie_out"],
            tie_out_reversed=bool(given["tie_out_reversed"]),
            tie_out_tolerance=given["tie_out_tolerance"],
            tie_out_reason=given["tie_out_reason"],
            **(self._window() if given["kind"] == Kind.CUMULATIVE else {}),
        )

    def _window(self) -> dict[str, Any]:
        """Only what goes with what was chosen: the other field is still there, and says nothing."""
        given = self.cleaned_data
        is_rolling = given["accumulation"] == Accumulation.ROLLING
        return {
            "accumulation": given["accumulation"],
            "accumulation_months": given["accumulation_months"] if is_rolling else None,
            "year_starts_in": None if is_rolling else given["year_starts_in"],
        }

    def _dimensions(self, is_base: bool) -> dict[str, str]:
        """A column that was a dimension keeps the name that it has as one."""
        chosen = self.cleaned_data["dimensions"]
        if not is_base:
            return dict.fromkeys(chosen, "")
        return {key: column for column in chosen for key in self.named_cuts.get(column, [column])}

    def _filters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number in range(self.filter_count):
            column, op, value = (
                self.cleaned_data.get(f"filter_{number}_{part}", "") for part in ("column", "op", "value")
            )
            if not column:
                continue
            given: dict[str, Any] = {"column": column, "op": op}
            if op not in NULLNESS:
                given["value"] = lists.split(value) if op in ("in", "not_in") else value.strip()
            found.append(given)
        return found


def units_offered(currency: str) -> list[str]:
    """What the field of the unit proposes; any other unit may be typed."""
    money = f"money:{currency}"
    counts = [f"count:{noun}" for noun in ("customer", "order", "piece")]
    return [money, "percent", "ratio", "number", *counts, "day", f"{money}/count:customer"]


def initial_of(version: MetricVersion) -> dict[str, Any]:
    """A version's wording as the form's first values."""
    initial: dict[str, Any] = {
        name: getattr(version, name)
        for name in (
            "dataset",
            "aggregation",
            "expression",
            "time_column",
            "formula",
            "unit",
            "decimals",
            "direction",
            "missing_policy",
            "currency_rule",
            "tie_out",
            "tie_out_reversed",
            "tie_out_tolerance",
            "tie_out_reason",
            "description_en",
            "description_zh",
        )
    }
    initial["kind"] = version.kind if version.is_base or version.is_cumulative else "derived"
    if version.is_cumulative:
        initial["accumulation"] = version.accumulation
        initial["accumulation_months"] = version.accumulation_months
        initial["year_starts_in"] = version.year_starts_in
    initial["dimensions"] = list(version.dimensions.values() if version.is_base else version.dimensions)
    initial["effective_from"] = version.effective_from
    if version.state == VersionState.DRAFT:
        initial["change_note"] = version.change_note
    initial |= allocations_initial(version.allocations)
    for number, given in enumerate(version.filters):
        value = given.get("value", "")
        initial[f"filter_{number}_column"] = given["column"]
        initial[f"filter_{number}_op"] = given["op"]
        initial[f"filter_{number}_value"] = lists.joined(value) if isinstance(value, list) else value
    return initial


def _named_cuts(version: MetricVersion | None) -> dict[str, list[str]]:
    """Column of the dataset → the dimensions that it is called by."""
    named: dict[str, list[str]] = {}
    if version is not None and version.is_base:
        for key, column in version.dimensions.items():
            named.setdefault(column, []).append(key)
    return named


def _cuts(column: semantics.Column) -> bool:
    """Worth offering as a dimension: words, yes or no, and numbers that only identify."""
    return column.type in ("text", "boolean") or (column.type == "integer" and column.role != "measure")


def named_column(column: semantics.Column) -> str:
    name = i18n.local(column, "name")
    return f"{name} ({column.key})" if name and name != column.key else column.key
