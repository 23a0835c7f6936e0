"""What people read and see: numbers, days, drawings, fields. No database."""

import datetime
import pathlib
import re
from decimal import Decimal

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from performance.foundation import views
from performance.foundation.components import fields, formats, icons, parts, svg
from performance.foundation.templatetags.components import register as library

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


@pytest.fixture
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def english():
    with translation.override("en"):
        yield


class Person:
    name_en, name_zh = "Chen Wei", "陈巍"


def rendered(source, **values):
    return Template("{% load components %}" + source).render(Context(values))


# --- Numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (Decimal("4.62000000"), None, "4.62"),
        (Decimal("4.625"), 2, "4.63"),
        (1874, None, "1,874"),
        (Decimal("-0.5"), 1, "−0.5"),
        (Decimal("-0.04"), 1, "0.0"),
        (0.1 + 0.2, None, "0.3"),
        ("12.50", None, "12.5"),
        (100, None, "100"),
        (None, 2, "–"),
        ("", None, "–"),
        ("not a number", None, "–"),
        ("9e999999999", None, "–"),
        ("9" * 26 + ".125", 3, ",".join(["99", *["999"] * 8]) + ".125"),
        (Decimal("NaN"), None, "–"),
    ],
)
def test_a_number_is_rounded_half_up_grouped_and_has_a_real_minus(english, value, places, shown):
    assert formats.number(value, places) == shown


def test_a_change_has_a_sign_and_no_change_is_an_equals_sign(english):
    assert [formats.signed(value, 1) for value in (Decimal("0.6"), Decimal("-0.6"), 0, None)] == [
        "+0.6",
        "−0.6",
        "=",
        "–",
    ]
    assert formats.points(Decimal("0.6")) == "+0.6 pt"
    assert formats.percentage_points(Decimal("-0.6")) == "−0.6 pp"


def test_percentages_are_in_percent_already(english):
    assert formats.percent(67) == "67%"
    assert formats.percent(Decimal("67.25"), 1) == "67.3%"
    assert formats.percent(formats.ppm(253_333), 1) == "25.3%"


@pytest.mark.parametrize(
    ("amount", "currency", "in_english", "in_chinese"),
    [
        (2_900_000, "CNY", "¥2.9M", "290 万元"),
        (187_400_000, "CNY", "¥187.4M", "1.874 亿元"),
        (9_850, "CNY", "¥9,850", "9,850 元"),
        (12_400, "CNY", "¥12.4K", "1.24 万元"),
        (Decimal("999999.99"), "CNY", "¥1M", "100 万元"),
        (Decimal("18.60"), "CNY", "¥18.60", "18.60 元"),
        (-100_000, "USD", "−$100K", "−10 万美元"),
        (5, "CHF", "CHF 5", "5 CHF"),
        (None, "CNY", "–", "–"),
    ],
)
def test_money_is_short_in_the_units_of_each_language(amount, currency, in_english, in_chinese):
    with translation.override("en"):
        assert formats.money(amount, currency) == in_english
    with translation.override("zh-hans"):
        assert formats.money(amount, currency) == in_chinese


def test_exact_money_shows_every_cent(chinese):
    assert formats.money_exact(Decimal("2900000.5")) == "2,900,000.50 元"


# --- Days ------------------------------------------------------------------------------------------------


@pytest.fixture
def in_2026(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *given: datetime.date(2026, 5, 14))


def test_days_read_as_people_say_them(in_2026):
    moment = datetime.datetime(2026, 5, 15, 10, 0, tzinfo=datetime.UTC)
    with timezone.override(SHANGHAI), translation.override("en"):
        assert formats.daytime(moment) == "Fri 15 May, 18:00"
        assert formats.day(moment.date(), "short") == "15 May"
        assert formats.day(datetime.date(2025, 5, 15)) == "Thu 15 May 2025"
    with timezone.override(SHANGHAI), translation.override("zh-hans"):
        assert formats.daytime(moment) == "5月15日 周五 18:00"
        assert formats.day(datetime.date(2025, 5, 15), "short") == "2025年5月15日"


def test_weeks_and_spans_say_what_both_ends_share_once():
    first, last = datetime.date(2026, 5, 11), datetime.date(2026, 5, 17)
    with translation.override("en"):
        assert formats.week(datetime.date(2026, 5, 14)) == "Week 20, 11–17 May 2026"
        assert (
            formats.day_range(datetime.date(2026, 4, 27), datetime.date(2026, 5, 3)) == "27 Apr – 3 May 2026"
        )
        assert (
            formats.day_range(datetime.date(2025, 12, 29), datetime.date(2026, 1, 4))
            == "29 Dec 2025 – 4 Jan 2026"
        )
        assert formats.quarter(first) == "Q2 2026"
    with translation.override("zh-hans"):
        assert formats.week(datetime.date(2026, 5, 14)) == "2026年第20周，5月11日—17日"
        assert formats.day_range(first, last) == "2026年5月11日—17日"
        assert formats.month(first) == "2026年5月"


def test_missing_days_are_a_dash(english):
    assert [formats.day(None), formats.daytime(None), formats.week(None), formats.ago(None)] == ["–"] * 4


# --- Drawings --------------------------------------------------------------------------------------------


def test_a_ring_says_its_value_and_pace_and_never_draws_more_than_full(english):
    drawn = svg.ring(Decimal("112"), 48, "good", 64)
    assert 'aria-label="112% done, 48% expected by today"' in drawn
    assert 'stroke-dasharray="100 100"' in drawn
    assert ">112</text>" in drawn


def test_a_bar_without_a_value_says_so(english):
    assert 'aria-label="No value yet"' in svg.bar(None, 48)


def test_a_missing_value_breaks_the_line_of_a_sparkline():
    assert svg.spark([1, 2, None, 3, 4], prov=1).count('class="ln"') == 2
    assert 'class="ln pv"' in svg.spark([1, 2, None, 3, 4], prov=1)


def test_a_sparkline_of_nothing_or_of_equal_values_is_still_a_drawing():
    assert svg.spark([]).startswith("<svg")
    assert "nan" not in svg.spark([None, None])
    assert "nan" not in svg.spark([3, 3])


def test_labels_are_escaped():
    assert "<script>" not in svg.wbar([(50, 1, "<script>")]) + svg.bar(1, label="<script>") + parts.chip(
        "", "<script>"
    )


def test_a_loss_runs_to_the_left_in_a_waterfall():
    assert 'x="40%" width="10%"' in svg.wf_bar(50, -10, 2)


def test_a_histogram_has_one_bar_a_bin_and_its_limits_on_both_sides() -> None:
    drawn = svg.hist([0, 2, 4, 1], limit=1, edge=2, label='<b>"1"</b>')
    assert drawn.count('class="s8"') == 1, "an empty bin has no bar, and what falls is grey"
    assert drawn.count('class="s1"') == 2
    assert drawn.count("stroke-dasharray") == 2
    assert 'x1="25%"' in drawn
    assert 'x1="75%"' in drawn
    assert "<b>" not in drawn
    assert "<rect" not in svg.hist([])


def test_a_bar_from_the_middle_goes_to_the_side_of_its_sign() -> None:
    assert 'class="s8" x="25%" width="25%"' in svg.sides(-1, 2)
    assert 'class="s1" x="50%" width="50%"' in svg.sides(9, 2)


def test_an_unknown_icon_names_the_near_ones():
    with pytest.raises(icons.UnknownIcon, match="target-arrow"):
        icons.icon("target-arow")


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in icons.icon("lock")
    assert 'role="img" aria-label="Locked"' in icons.icon("lock", label="Locked")


def test_every_icon_written_in_a_template_exists():
    pattern = re.compile(
        r"""\{%\s*(?:icon|spot|empty_state)\s+"([a-z0-9-]+)"|\{%\s*chip\s+\S+\s+\S+\s+"([a-z0-9-]+)"\s*%\}|(?<!-)icon="([a-z0-9-]+)\""""
    )
    for template in (ROOT / "templates").rglob("*.html"):
        for found in pattern.finditer(template.read_text(encoding="utf-8")):
            name = next(filter(None, found.groups()))
            assert icons.icon(name), f"{template}: {name}"


# --- Words -----------------------------------------------------------------------------------------------


def test_names_and_initials_follow_the_language():
    with translation.override("en"):
        assert formats.person_name(Person) == "Chen Wei"
        assert ">CW</span>" in parts.avatar(Person)
    with translation.override("zh-hans"):
        assert formats.person_name(Person) == "陈巍"
        assert ">陈巍</span>" in parts.avatar(Person)
        assert ">巍</span>" in parts.avatar(Person, "s")


def test_a_person_keeps_the_tint_in_both_languages():
    with translation.override("en"):
        tint = re.search(r"av\d", parts.avatar(Person)).group()
    with translation.override("zh-hans"):
        assert tint in parts.avatar(Person)


def test_dots_and_ratings_are_radios_with_words(english):
    assert 'value="4" aria-label="4 · Likely" checked' in parts.dots("c", 4)
    assert "checked" not in parts.dots("c")
    assert 'class="hint"' in parts.rate("r", value=4, hint=3)
    assert "3 Solid, suggested" in parts.rate("r", value=4, hint=3)


def test_a_signature_that_waits_is_drawn_open(english):
    assert 'class="sign open"' in parts.signature(Person, "mine")
    assert "Your turn" in parts.signature(Person, "mine")
    assert 'class="sign"' in parts.signature(Person, "signed", "Business owner")


def test_a_change_shows_what_goes_and_what_comes():
    shown = parts.diff([("Target", "¥1.5M", "¥1.9M"), ("Filter", None, "own stock"), ("Owner", "Sun", "")])
    assert '<del>¥1.5M</del> <ins class="to">¥1.9M</ins>' in shown
    assert "<ins>own stock</ins>" in shown
    assert "<del>Sun</del>" in shown


# --- Forms -----------------------------------------------------------------------------------------------


class Target(forms.Form):
    amount = forms.DecimalField(help_text="In millions", initial=Decimal("2.90000000"))
    due = forms.DateField(required=False, initial=datetime.date(2026, 6, 12))
    see = forms.ChoiceField(widget=forms.RadioSelect, choices=[("me", "Only me"), ("all", "Everybody")])
    ask = forms.BooleanField(required=False)


def test_a_field_ties_label_help_and_error_to_its_control(english):
    form = Target({"amount": "x", "see": "me"})
    shown = fields.field(form["amount"], suffix="¥M")
    assert 'for="id_amount"' in shown
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "is-invalid" in shown
    assert 'id="id_amount_error"' in shown
    assert 'id="id_amount_helptext"' in shown
    assert "¥M" in shown
    assert 'class="req"' in shown


def test_stored_zeros_do_not_appear_in_a_field(english):
    assert 'value="2.9"' in fields.field(Target()["amount"])


def test_days_use_the_picker_of_the_browser(chinese):
    shown = fields.field(Target()["due"])
    assert 'type="date"' in shown
    assert 'value="2026-06-12"' in shown
    assert shown.count("type=") == 1


def test_radios_become_choices_with_their_consequence(english):
    shown = fields.field(Target()["see"], choice_help={"me": "Nobody else, HR neither."})
    assert shown.count('class="choice"') == 2
    assert "Nobody else, HR neither." in shown


def test_other_options_become_attributes(english):
    assert 'hx-post="/x/"' in fields.field(Target()["amount"], hx_post="/x/")


def test_the_summary_links_to_what_is_wrong_and_is_silent_otherwise(english):
    wrong = Target({"amount": "x"})
    summary = fields.errors(wrong)
    assert 'role="alert"' in summary
    assert "2 fields need another look." in summary
    assert 'href="#id_amount"' in summary
    assert fields.errors(Target()) == ""
    assert fields.errors(Target({"amount": "1", "see": "me"})) == ""


def test_a_formset_has_one_summary(english):
    formset = forms.formset_factory(Target)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-amount": "x"}
    )
    assert 'href="#id_form-0-amount"' in fields.errors(formset)


# --- Templates -------------------------------------------------------------------------------------------


def test_an_empty_state_takes_actions(english):
    shown = rendered(
        '{% empty_state "target" title text="Write one." %}<a href="/new">New</a>{% endempty_state %}',
        title="None yet",
    )
    assert "None yet" in shown
    assert "Write one." in shown
    assert '<a href="/new">New</a>' in shown


def test_undo_only_goes_to_our_own_paths():
    def url(tags):
        return rendered("{{ message|undo_url }}", message=type("Message", (), {"extra_tags": tags})())

    assert url("undo:/goals/1/undo/") == "/goals/1/undo/"
    assert (
        url("undo://elsewhere.example/")
        == url("undo:https://elsewhere.example/")
        == url("safe")
        == url("")
        == ""
    )


def test_back_leads_to_a_page_of_ours():
    assert rendered("{{ url|own_page }}", url="https://elsewhere.example/goals/?a=1") == "/goals/"
    assert rendered("{{ url|own_page }}", url=None) == "/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_gallery_draws_every_component_under_the_strict_policy(language):
    request = RequestFactory().get("/dev/components/")
    request.user = AnonymousUser()
    request._messages = CookieStorage(request)
    with translation.override(language):
        page = views.component_gallery(request).content.decode()
    assert f'lang="{language}"' in page
    assert not re.search(r"<[^>]+\s(style|on[a-z]+|hx-on[^=]*)=", page)
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))", page)
    assert not re.search(r'hx-vals="js:', page)


def test_the_gallery_leaves_no_component_out():
    """Every tag that draws, and every partial that a page includes by itself."""
    shown = (ROOT / "templates/dev/components.html").read_text(encoding="utf-8")
    # What the shell draws around every page stands around the gallery too; a punctuation mark and a hidden field are no
    # drawings.
    around = {"hatches", "script_words", "mark", "once"}
    drawn = {name for name in library.tags if name not in around}
    assert {name for name in drawn if f"{{% {name} " not in shown and f"{{% {name} %}}" not in shown} == set()
    partials = {path.name for path in (ROOT / "templates/components").glob("_*.html")}
    # Drawn by tags of their own, or the palette's answer to what is typed.
    by_tags = {"_empty_state.html", "_errors.html", "_field.html", "_logo.html", "_search_results.html"}
    in_shell = {
        name
        for name in partials
        if any(name in page.read_text() for page in (ROOT / "templates").glob("base*.html"))
    }
    nested = {
        name
        for name in partials
        if any(name in (ROOT / "templates/components" / other).read_text() for other in partials - {name})
    }
    assert {name for name in partials - by_tags - in_shell - nested if name not in shown} == set()


def test_static_files_refer_only_to_files_that_are_there():
    for sheet in (ROOT / "static/css").glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text
        for url in re.findall(r"url\(\s*[\"']?(?!data:|#)([^)\"']+)", text):
            assert (sheet.parent / url).resolve().is_file(), f"{sheet.name}: {url}"
