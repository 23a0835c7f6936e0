"""Weights shared out by the form sum to exactly 100 %, and kept shares stay as they are."""

from decimal import Decimal

from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from okr import forms

HUNDRED = Decimal(100)
SHARES = st.decimals(0, 100, places=2)
ROWS = st.lists(st.fixed_dictionaries({"weight": SHARES, "locked": st.booleans()}), min_size=1, max_size=12)


@given(ROWS)
def test_shares_sum_to_the_whole_and_kept_ones_do_not_move(rows):
    kept = sum((row["weight"] for row in rows if row["locked"]), Decimal(0))
    shared = forms.with_even_weights(rows)
    for before, after in zip(rows, shared, strict=True):
        if before["locked"]:
            assert after["weight"] == before["weight"]
    if kept <= HUNDRED and not all(row["locked"] for row in rows):
        assert sum(row["weight"] for row in shared) == HUNDRED
        free = [row["weight"] for row in shared if not row["locked"]]
        assert min(free) >= 0
        assert max(free) - min(free) < Decimal("0.01") * len(free)
    else:
        assert shared == rows


def test_an_odd_weight_that_is_kept_breaks_nothing():
    for odd in ("", "x", "NaN", "sNaN", "Infinity", "-1e40", "9e999999999", None):
        rows = [{"weight": odd, "locked": "on"}, {"weight": "3"}]
        assert forms.with_even_weights(rows)[1]["weight"] == HUNDRED


def test_sharing_evenly_on_the_page_keeps_what_is_kept(acting_cast, quarter, client_for, cast):
    sent = {
        "kr-count": "3",
        "even": "1",
        "owner": "person",
        "period": str(quarter.pk),
        "kr-0-kind": "yes_no",
        "kr-0-weight": "50",
        "kr-0-locked": "on",
        "kr-1-kind": "yes_no",
        "kr-1-weight": "10",
        "kr-2-kind": "yes_no",
        "kr-2-weight": "10",
    }
    answer = client_for(cast.employee).post(reverse("okr:propose"), sent, headers={"HX-Request": "true"})
    rows = answer.context["rows"]
    assert [Decimal(str(row["weight"].value())) for row in rows] == [Decimal(50), Decimal(25), Decimal(25)]
    assert rows[0]["locked"].value()


def test_whatever_is_typed_as_a_weight_or_sent_as_a_place_the_form_comes_back(
    acting_cast, quarter, client_for, cast
):
    client = client_for(cast.employee)
    form = {"owner": f"person:{cast.employee.pk}", "period": str(quarter.pk), "title": "Never out of stock"}
    form |= {"type": "committed", "visibility": "public", "weight": "1", "kr-count": "2"}
    form |= {"kr-0-kind": "yes_no", "kr-0-title": "One", "kr-0-weight": "50"}
    form |= {"kr-1-kind": "increase", "kr-1-title": "Two", "kr-1-weight": "50"}
    form |= {"kr-1-point-0-on": "", "kr-1-point-0-value": ""}

    odd = ("NaN", "sNaN", "Infinity", "-1e40", "9e999999999", "1" * 5000)
    for weight in odd:
        saved = client.post(
            reverse("okr:propose"), form | {"kr-0-weight": weight, "kr-1-weight": "-Infinity"}
        )
        assert (saved.status_code, saved.context["sum"]) == (422, None), weight
        assert "weight" in saved.context["rows"][0].errors, weight
        for asked in ({"add": "increase"}, {"even": "1", "kr-0-locked": "on"}):
            shown = client.post(reverse("okr:propose"), form | {"kr-0-weight": weight} | asked)
            assert shown.status_code == 200, (weight, asked)
    for place in ("²", "٠", "9" * 5000, "2", "-1", ""):
        for name, text in (
            ("leave_out", place),
            ("add_point", place),
            ("drop_point", f"1.{place}"),
            ("drop_point", f"{place}.0"),
        ):
            rows = client.post(reverse("okr:propose"), form | {name: text}).context["rows"]
            assert [len(row.checkpoints) for row in rows] == [0, 1], (name, text)
    for name, text, points in (
        ("leave_out", "0", [1]),
        ("add_point", "1", [0, 2]),
        ("drop_point", "1.0", [0, 0]),
    ):
        rows = client.post(reverse("okr:propose"), form | {name: text}).context["rows"]
        assert [len(row.checkpoints) for row in rows] == points
