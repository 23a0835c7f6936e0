"""Forms of the pages: parsing only; what is allowed is decided in rules and actions."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.appraisals import queries
from performance.appraisals.models import Band, CodePage, ExportFormat, TemplateVersion
from performance.people import models as people


class CycleForm(forms.Form):
    """Over which period, for whom, under which name."""

    EVERYBODY, UNIT, TEAM = "everybody", "unit", "team"

    period = forms.ModelChoiceField(
        label=_("Period"), queryset=people.Period.objects.none(), empty_label=None
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    whom = forms.ChoiceField(
        label=_("For whom"),
        choices=[(EVERYBODY, _("Everybody")), (UNIT, _("A business unit")), (TEAM, _("A team"))],
        initial=EVERYBODY,
        widget=forms.RadioSelect,
    )
    unit = forms.ModelChoiceField(
        label=_("Business unit"),
        queryset=people.BusinessUnit.objects.none(),
        required=False,
        empty_label=_("Choose one"),
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=people.Team.objects.none(), required=False, empty_label=_("Choose one")
    )
    least_days = forms.IntegerField(
        label=_("Days here at least"),
        min_value=0,
        max_value=400,
        initial=0,
        required=False,
        help_text=_("Whoever was here for fewer days of the period stays out."),
    )
    template_version = forms.ModelChoiceField(
        label=_("Review template"),
        queryset=TemplateVersion.objects.none(),
        required=False,
        empty_label=_("No reviews, the score alone"),
    )

    choice_help = {
        EVERYBODY: _("Everybody who worked here on a day of the period. Leavers too."),
        UNIT: _("The unit and the units below it. Good for a pilot."),
        TEAM: _("The team and the teams below it. Good for a pilot."),
    }

    def __init__(
        self, *args: Any, periods: Any, units: Any, teams: Any, versions: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = {"period": periods, "unit": units, "team": teams, "template_version": versions}
        for name, queryset in chosen.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        self.fields["whom"].choice_help = self.choice_help  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        whom = given.pop("whom", self.EVERYBODY)
        given["least_days"] = given.get("least_days") or 0
        for name in (self.UNIT, self.TEAM):
            if whom != name:
                given[name] = None
            elif not given.get(name):
                self.add_error(name, _("Choose one."))
        return given


class FilterForm(forms.Form):
    """What the list of entries is narrowed to."""

    words = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or number")}),
    )
    unit_id = forms.ChoiceField(label=_("Business unit"), required=False)
    team_id = forms.ChoiceField(label=_("Team"), required=False)
    rating = forms.ChoiceField(label=_("Rating"), required=False)
    show = forms.ChoiceField(label=_("Show"), required=False, choices=list(queries.SHOWN.items()))

    def __init__(
        self,
        *args: Any,
        units: list[people.BusinessUnit],
        teams: list[people.Team],
        bands: list[Band],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        every = ("", _("All"))
        rated = [(str(band.rating), f"{band.rating} {band}") for band in bands]
        chosen: dict[str, list[tuple[str, Any]]] = {
            "unit_id": [(str(unit.pk), str(unit)) for unit in units],
            "team_id": [(str(team.pk), str(team)) for team in teams],
            "rating": [*rated, (queries.UNRATED, _("Without a score"))],
        }
        for name, choices in chosen.items():
            self.fields[name].choices = [every, *choices]  # type: ignore[attr-defined]
            if not choices:
                del self.fields[name]

    def filters(self) -> queries.Filters:
        """Whatever is not a choice narrows nothing."""
        return queries.Filters.from_mapping(self.cleaned_data if self.is_valid() else {})


class BandsForm(forms.Form):
    """From which score each rating is suggested."""

    def __init__(self, *args: Any, bands: list[Band], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for band in bands:
            if band.from_micro is not None:
                self.fields[f"from_{band.rating}"] = forms.DecimalField(
                    label=f"{band.rating} {band}",
                    min_value=0,
                    max_value=1000,
                    decimal_places=2,
                    initial=Decimal(band.from_micro).scaleb(-6).normalize() + 0,
                )

    def bounds(self) -> dict[int, Decimal]:
        return {int(name.removeprefix("from_")): value for name, value in self.cleaned_data.items()}


class ReasonForm(forms.Form):
    """Why somebody is left out or taken in again."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class AddForm(ReasonForm):
    """Somebody whom the population leaves out."""

    person = forms.CharField(label=_("Employee number or name"), max_length=80)

    field_order = ["person", "reason"]


class WaveForm(forms.Form):
    """Whose results are published next, and, with the first wave, what everybody of the cycle is promised."""

    REST, UNIT, TEAM, LIST = "rest", "unit", "team", "list"

    whom = forms.ChoiceField(
        label=_("For whom"),
        choices=[
            (REST, _("Everybody who is left")),
            (UNIT, _("A business unit")),
            (TEAM, _("A team")),
            (LIST, _("A list of people")),
        ],
        initial=REST,
        widget=forms.RadioSelect,
    )
    unit = forms.ModelChoiceField(
        label=_("Business unit"),
        queryset=people.BusinessUnit.objects.none(),
        required=False,
        empty_label=_("Choose one"),
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=people.Team.objects.none(), required=False, empty_label=_("Choose one")
    )
    numbers = forms.CharField(
        label=_("Employee numbers"),
        help_text=_("One to a line, or with commas between them."),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    acknowledge_days = forms.IntegerField(
        label=_("Days to say that one has read it"), min_value=1, max_value=365
    )
    appeal_days = forms.IntegerField(label=_("Days to appeal"), min_value=1, max_value=365)
    answer_days = forms.IntegerField(label=_("Days for HR to decide an appeal"), min_value=1, max_value=365)

    choice_help = {
        REST: _("The cycle is then published."),
        UNIT: _("The unit and the units below it."),
        TEAM: _("The team and the teams below it."),
        LIST: _("By employee number."),
    }
    TERMS = ("acknowledge_days", "appeal_days", "answer_days")

    def __init__(
        self, *args: Any, units: Any, teams: Any, promised: queries.Terms | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["whom"].choice_help = self.choice_help  # type: ignore[attr-defined]
        for name in self.TERMS:
            if promised is not None:
                del self.fields[name]
            else:
                self.fields[name].initial = getattr(queries.USUAL_TERMS, name)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        whom = given.get("whom", self.REST)
        for name, choice in (("unit", self.UNIT), ("team", self.TEAM), ("numbers", self.LIST)):
            if whom != choice:
                given[name] = None
            elif not given.get(name) and name not in self.errors:
                words = _("Name at least one person.") if name == "numbers" else _("Choose one.")
                self.add_error(name, words)
        return given

    def listed_numbers(self) -> list[str]:
        return re.split(r"[\s,;，；、]+", self.cleaned_data["numbers"].strip())

    def terms(self) -> queries.Terms | None:
        """None where they were promised before."""
        if self.TERMS[0] not in self.fields:
            return None
        return queries.Terms(**{name: self.cleaned_data[name] for name in self.TERMS})


class AcknowledgeForm(forms.Form):
    """That one has read one's result, with a comment."""

    comment = forms.CharField(
        label=_("Comment"),
        help_text=_("Your manager and HR read it."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ExportForm(forms.Form):
    """Which format and which columns."""

    format = forms.ChoiceField(
        label=_("Format"), choices=ExportFormat.choices, initial=ExportFormat.XLSX, widget=forms.RadioSelect
    )
    with_bom = forms.BooleanField(
        label=_("CSV with byte order mark"),
        help_text=_("Excel then recognises Chinese text."),
        required=False,
        initial=True,
    )
    code_page = forms.ChoiceField(
        label=_("Code page of a CSV"), choices=CodePage.choices, initial=CodePage.UTF_8, required=False
    )
    layout = forms.CharField(required=False, widget=forms.HiddenInput)
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        choices=[(column.key, column.label) for column in queries.COLUMNS.values()],
        initial=list(queries.DEFAULT_COLUMNS),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    choice_help = {
        ExportFormat.XLSX: _("Typed cells; definitions, versions and this filter on sheets of their own."),
        ExportFormat.CSV: _("One table, UTF-8, for other systems."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choice_help = self.choice_help  # type: ignore[attr-defined]

    def clean_code_page(self) -> str:
        return self.cleaned_data["code_page"] or CodePage.UTF_8


class LayoutForm(forms.Form):
    """Which columns, in which places, under which headings."""

    name = forms.CharField(label=_("Name of the layout"), max_length=60)

    def __init__(self, *args: Any, kept: queries.Chosen | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ordered = list(kept.columns) if kept else []
        self.keys = [*ordered, *(key for key in queries.COLUMNS if key not in ordered)]
        self.fields["name"].initial = kept.name if kept else ""
        for place, key in enumerate(self.keys, start=1):
            label = queries.COLUMNS[key].label
            self.fields[f"use_{key}"] = forms.BooleanField(
                required=False,
                initial=key in ordered,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )
            self.fields[f"place_{key}"] = forms.IntegerField(
                required=False,
                min_value=1,
                max_value=999,
                initial=place,
                widget=forms.NumberInput(
                    attrs={
                        "class": "form-control",
                        "aria-label": _("Place of %(column)s") % {"column": label},
                    }
                ),
            )
            self.fields[f"heading_{key}"] = forms.CharField(
                required=False,
                max_length=80,
                initial=kept.headings.get(key, "") if kept else "",
                widget=forms.TextInput(
                    attrs={
                        "class": "form-control",
                        "placeholder": label,
                        "aria-label": _("Heading of %(column)s") % {"column": label},
                    }
                ),
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each column with its three fields."""
        return [
            {
                "label": queries.COLUMNS[key].label,
                "use": self[f"use_{key}"],
                "place": self[f"place_{key}"],
                "heading": self[f"heading_{key}"],
            }
            for key in self.keys
        ]

    def columns(self) -> list[tuple[str, str]]:
        """What is ticked, by place; those of one place in the order of the page."""
        given = self.cleaned_data
        ticked = [key for key in self.keys if given[f"use_{key}"]]
        ordered = sorted(ticked, key=lambda key: given[f"place_{key}"] or 1000)
        return [(key, given[f"heading_{key}"]) for key in ordered]
