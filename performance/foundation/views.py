"""The gallery of components, for the people who build the product. Mounted only while DEBUG is on."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from performance.foundation import access


class Sample:
    """A person as templates see one."""

    def __init__(self, name_en: str, name_zh: str) -> None:
        self.name_en, self.name_zh = name_en, name_zh


PEOPLE = {
    "chen": Sample("Chen Wei", "陈巍"),
    "lin": Sample("Lin Yue", "林悦"),
    "xu": Sample("Xu Fei", "许菲"),
    "zhou": Sample("Zhou Ning", "周宁"),
    "sun": Sample("Sun Tao", "孙涛"),
    "liu": Sample("Liu Yang", "刘洋"),
}


class SampleForm(forms.Form):
    """One field of every kind."""

    title = forms.CharField(label=_("Objective"), help_text=_("What will be different?"))
    amount = forms.DecimalField(label=_("Slow-moving stock, now"), initial=Decimal("2.90000000"))
    due = forms.DateField(label=_("Due"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("money", _("Money")), ("percent", _("Percent"))])
    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    visibility = forms.ChoiceField(
        label=_("Who can read it"),
        widget=forms.RadioSelect,
        choices=[("recipient", _("Only Liu Yang")), ("public", _("Everybody"))],
        initial="recipient",
    )
    ask = forms.BooleanField(label=_("Ask Chen Wei for help"), required=False)

    def clean_amount(self) -> Decimal:
        amount = self.cleaned_data["amount"]
        if amount > 20:
            raise forms.ValidationError(_("29 is ten times last week. Did you mean 2.9?"))
        return amount


class SampleFilters(forms.Form):
    """A filter above a list."""

    q = forms.CharField(label=_("Words"), required=False, widget=forms.SearchInput())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Any state"))])


#: Two sources that meet in one metric: edges as ((column, row), (column, row), hot).
FLOW = {
    "edges": [
        ((1, 2), (2, 2), False),
        ((2, 2), (4, 3), True),
        ((1, 5), (2, 5), False),
        ((2, 5), (4, 3), True),
    ],
    "nodes": [
        {"column": 1, "row": 2, "icon": "database", "title": "POS"},
        {"column": 2, "row": 2, "icon": "table", "title": _("Sales")},
        {"column": 1, "row": 5, "icon": "database", "title": "ERP"},
        {"column": 2, "row": 5, "icon": "table", "title": _("Ledger")},
        {"column": 4, "row": 3, "icon": "gauge", "title": _("Profit per customer"), "is_current": True},
    ],
}


def _charts() -> dict[str, Any]:
    months = [f"{2025 + index // 12}-{index % 12 + 1:02d}" for index in range(21)]
    closed = [3.81, 3.72, 3.84, 3.9, 3.96, 4.02, 4.05, 4.08, 4.1, 4.14, 3.78, 4.02, 4.08, 4.12, 4.2, 4.49]
    forecast = [[4.5, 4.7, 4.9], [4.5, 4.8, 5.1], [4.5, 4.9, 5.3], [4.6, 5.0, 5.4]]
    return {
        "kpi": {
            "x": months,
            "closed": closed,
            "provisional": [4.62],
            "forecast": forecast,
            "target": [4 + index * 0.05 for index in range(21)],
            "anomalies": [{"i": 10, "text": "3.78"}],
            "notes": [{"x": "2026-01", "text": "v3"}],
            "decimals": 2,
        },
        "weights": {
            "x": ["2026-01-01", "2026-04-01", "2026-05-01", "2026-06-30"],
            "today": "2026-05-14",
            "events": [{"x": "2026-04-01", "text": "A"}, {"x": "2026-05-01", "text": "B"}],
            "series": [
                {"name": "OKR", "series": 1, "values": [40, 35, 33, 33]},
                {"name": "KPI", "series": 2, "values": [40, 45, 49, 49]},
                {"name": "360", "series": 6, "values": [20, 20, 18, 18]},
            ],
        },
        "hist": {
            "from": -2.5,
            "step": 0.25,
            "limit": 2,
            "decimals": 0,
            "counts": [0, 1, 2, 3, 6, 10, 16, 24, 33, 40, 39, 29, 19, 12, 7, 3, 2, 1, 1, 0],
        },
        "bars": {
            "x": months[:8],
            "series": [{"name": "A", "values": closed[:8], "series": 1}],
            "target": 4,
            "decimals": 2,
        },
        "lines": {
            "x": months[:12],
            "series": [
                {"name": "A", "values": closed[:12], "series": 1},
                {
                    "name": "B",
                    "values": [value - 0.4 for value in closed[:12]],
                    "series": 2,
                    "provisional": 1,
                },
            ],
            "decimals": 2,
        },
    }


@access.public
def component_gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states, in one place: for light, dark, both languages and both widths."""
    wrong = SampleForm({"title": "", "amount": "29", "kind": "money", "visibility": "recipient"})
    wrong.is_valid()
    context = {
        "nav": "",
        "people": PEOPLE,
        "charts": _charts(),
        "form": SampleForm(),
        "filters": SampleFilters(),
        "flow": FLOW,
        "wrong": wrong,
        "page": Paginator(range(120), 50).page(2),
        "moment": datetime.datetime(2026, 5, 15, 10, tzinfo=datetime.UTC),
        "first": datetime.date(2026, 5, 11),
        "last": datetime.date(2026, 5, 17),
        "amounts": {
            "small": Decimal("9850"),
            "big": Decimal("2900000"),
            "huge": Decimal("187400000"),
            "minus": Decimal("-0.5"),
        },
        "weights": [
            (Decimal("25"), 1, "OKR"),
            (Decimal("25"), 2, _("Inventory")),
            (Decimal("19"), 5, _("Availability")),
            (Decimal("12"), 3, _("Cash")),
            (Decimal("10.9"), 4, _("Profit")),
            (Decimal("8.1"), 6, "360"),
        ],
        "history": [Decimal("3.9"), Decimal("4.0"), Decimal("4.1"), Decimal("4.2"), Decimal("4.5")],
        "falling": [4.2, 4.1, 4.0, 3.9, 3.2],
        "sizes": [0, 1, 2, 6, 14, 21, 19, 9, 4, 2, 0, 1],
        "gapped": [3, 3.4, None, 3.2, 3.9, 4],
        "forecast": [(4.5, 4.7, 4.9), (4.5, 4.9, 5.3)],
        "pulse": [3, 3, 4, 2, 3, 3],
        "changes": [
            (_("KR3 target"), "¥1.5M", "¥1.9M"),
            (_("Filter"), None, _("ownership is not “consignment”")),
            (_("Owner"), "Sun Tao", None),
        ],
        "columns": [{"letter": "B", "name": _("Name")}, {"letter": "D", "name": _("Joined")}],
        "rows": [
            {"number": 202, "cells": [{"value": "Bai Lu"}, {"value": "2020-02-17"}]},
            {"number": 203, "cells": [{"value": "Jiang Hao"}, {"value": "31/06/2026", "bad": True}]},
        ],
        "jobs": [
            {
                "id": "job-1",
                "title": _("Simulating Q1, 248 people"),
                "state": "running",
                "done": 154,
                "total": 248,
            },
            {
                "id": "job-2",
                "title": _("Export"),
                "state": "done",
                "result_url": "#",
                "result_text": _("Download"),
            },
            {
                "id": "job-3",
                "title": _("Import"),
                "state": "failed",
                "error": _("The file has no column “Email”."),
            },
        ],
        "one_anomaly": [4],
        "edges": [((1, 2), (2, 2), True), ((1, 4), (2, 2), False)],
    }
    return render(request, "dev/components.html", context)
