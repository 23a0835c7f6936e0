"""Whatever is exported reads back as the same."""

import contextlib
import csv
import dataclasses
import io

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr import queries
from okr.actions.importing import cells
from okr.models import MilestoneContent, Objective
from tests.okr.conftest import content, key_result
from tests.okr.files import counts, errors, plain

WORDS = st.text(
    # A semicolon parts milestones, and an apostrophe makes text of what looks like a formula.
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters=";；'"),
    min_size=1,
    max_size=60,
).filter(cells.tidy)
EXACT = st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False)


@st.composite
def goals(draw):
    titles = draw(st.lists(WORDS.map(str.strip), min_size=1, max_size=4, unique_by=cells.key))
    results = []
    for place, title in enumerate(titles):
        kind = draw(
            st.sampled_from(["increase", "decrease", "percent", "money", "band", "milestones", "yes_no"])
        )
        low, high = sorted((draw(EXACT), draw(EXACT)))
        fields = {
            "increase": {"start": low, "target": high, "unit": draw(st.sampled_from(["", "h", "家门店"]))},
            "decrease": {"start": high, "target": low},
            "percent": {"start": high, "target": low},
            "money": {"start": low, "target": high, "currency": "CNY"},
            "band": {"lower": low, "upper": high, "tolerance": abs(high)},
            "milestones": {
                "milestones": tuple(
                    MilestoneContent(each.strip(), weight=2)
                    for each in draw(st.lists(WORDS, min_size=1, max_size=3, unique_by=str.strip))
                )
            },
        }.get(kind, {})
        weight = 1_000_000 // len(titles) + (1_000_000 % len(titles) if place == 0 else 0)
        results.append(dataclasses.replace(key_result(kind, title, 0, **fields), weight_ppm=weight))
    return content(
        draw(WORDS).strip(),
        *results,
        description=draw(st.one_of(st.just(""), WORDS, st.just("a\r\nb\n  c"))).strip(),
        type=draw(st.sampled_from(["committed", "aspirational", "learning"])),
        visibility=draw(st.sampled_from(["public", "team"])),
        weight=draw(st.integers(1, 100)),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(goal=goals(), language=st.sampled_from(["en", "zh-hans"]))
def test_whatever_is_exported_reads_back_unchanged(goal, language, upload, exported, propose):
    with contextlib.suppress(Rollback), transaction.atomic():
        propose(goal)
        made = upload(exported(language=language))
        assert errors(made) == []
        assert counts(made) == {"new": 0, "changed": 0, "same": 1, "errors": 0}, made.report["changed"]
        raise Rollback


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(goal=goals())
def test_what_is_exported_and_read_elsewhere_is_the_same_text(goal, upload, apply, exported, propose):
    """Without the IDs, and gone here, it is a new objective of the same text."""
    with contextlib.suppress(Rollback), transaction.atomic():
        one = propose(goal)
        before = queries.content_of(one)
        lines = list(csv.reader(io.StringIO(exported().decode("utf-8-sig"), newline="")))
        ids = [place for place, name in enumerate(lines[0]) if name.endswith(" ID")]
        file = io.StringIO()
        csv.writer(file).writerows(
            [
                ["" if place in ids and number else cell for place, cell in enumerate(row)]
                for number, row in enumerate(lines)
            ]
        )
        Objective.objects.filter(pk=one.pk).update(title="Another", owner=one.agreer, agreer=one.owner)
        apply(upload(file.getvalue()))
        found = queries.content_of(Objective.objects.exclude(pk=one.pk).get())
        assert plain(found) == plain(before)
        raise Rollback


class Rollback(Exception):
    """Takes an example back."""
