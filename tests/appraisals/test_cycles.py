"""A cycle takes in the right people, suggests ratings, and holds its numbers once signed off."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from performance.appraisals import actions, queries, tasks
from performance.appraisals.models import Band, Cycle, CycleEntry
from performance.foundation import access, tenancy
from performance.foundation.models import AuditRow
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions as scoring
from performance.scoring.models import CurrentScore
from tests.appraisals.conftest import add_people
from tests.conftest import LONG_AGO, Cast, make_person
from tests.scoring import restated

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]


def opened(cast: Cast, quarter: people.Period, actor: Actor, **fields: Any) -> Cycle:
    given = {"name_en": "Pilot", "name_zh": "试点", "by": actor(cast.hr), "at": timezone.now()} | fields
    return actions.open_cycle(period=quarter, **given)


def test_a_cycle_takes_in_everybody_active_in_the_period_once(
    cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = quarter.starts_on - datetime.timedelta(days=1)
        make_person("L1", "Left Before", left_on=before)
        leaver = make_person("L2", "Left Within", left_on=quarter.starts_on)
        make_person("L3", "Joins After", hired_on=quarter.ends_on + datetime.timedelta(days=1))
        cycle = opened(cast, quarter, actor)
        entries = set(CycleEntry.objects.filter(cycle=cycle).values_list("person_id", flat=True))
        assert entries == {person.pk for person in [*cast.members(), leaver]}
        audited = AuditRow.objects.get(action="appraisals.open_cycle")
        assert audited.person_id == cast.hr.pk
        assert audited.changes["people"] == len(entries)


def test_an_entry_keeps_the_manager_and_team_of_the_cycle_s_day(
    cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        cycle = opened(cast, quarter, actor)
        people.ReportingLine.objects.filter(person=cast.employee).update(manager=cast.boss)
        entry = CycleEntry.objects.get(cycle=cycle, person=cast.employee)
        assert (entry.manager, entry.team, entry.number) == (cast.manager, cast.team, "P003")
        assert CycleEntry.objects.get(cycle=cycle, person=cast.boss).manager is None


def test_a_pilot_takes_in_one_team_and_those_below(cast: Cast, quarter: people.Period, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        below = people.Team.objects.create(code="NIGHT", name_en="Night shift", parent=cast.team)
        people.TeamMembership.objects.create(person=cast.hr, team=below, starts_on=LONG_AGO)
        cycle = opened(cast, quarter, actor, team=cast.team)
        found = set(CycleEntry.objects.filter(cycle=cycle).values_list("person_id", flat=True))
        assert found == {cast.manager.pk, cast.employee.pk, cast.colleague.pk, cast.hr.pk}


def test_a_pilot_takes_in_one_unit_and_those_below(
    cast: Cast, quarter: people.Period, actor: Actor, unit: people.BusinessUnit
) -> None:
    with tenancy.acting_for(cast.organisation):
        store = people.BusinessUnit.objects.create(code="S1", name_en="Store 1", parent=unit)
        people.Person.objects.filter(pk=cast.employee.pk).update(unit=store)
        cycle = opened(cast, quarter, actor, unit=unit)
        assert CycleEntry.objects.filter(cycle=cycle).count() == 3
        assert CycleEntry.objects.get(cycle=cycle, person=cast.employee).unit == store


def test_open_cycle_refuses_an_empty_population_and_leaves_nothing(
    cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        empty = people.Team.objects.create(code="EMPTY", name_en="Empty")
        with pytest.raises(actions.CycleRefused, match="Nobody"):
            opened(cast, quarter, actor, team=empty)
        assert not Cycle.objects.exists()


def test_open_cycle_refuses_the_same_name_twice_and_a_period_ahead(
    cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        opened(cast, quarter, actor)
        with pytest.raises(actions.CycleRefused, match="already"):
            opened(cast, quarter, actor)
        ahead = people.Period(starts_on=quarter.ends_on + datetime.timedelta(days=1))
        with pytest.raises(actions.CycleRefused, match="not begun"):
            opened(cast, ahead, actor)


@pytest.mark.parametrize("who", ["employee", "manager", "administrator", "auditor", "business_owner"])
def test_only_hr_runs_cycles(cast: Cast, cycle: Cycle, actor: Actor, who: str) -> None:
    with tenancy.acting_for(cast.organisation):
        by, at = actor(getattr(cast, who)), timezone.now()
        entry = CycleEntry.objects.get(cycle=cycle, person=cast.colleague)
        for attempt in (
            lambda: opened(cast, cycle.period, actor, by=by),
            lambda: actions.sign_off_cycle(cycle=cycle, by=by, at=at),
            lambda: actions.close_scores(cycle=cycle, by=by, at=at),
            lambda: actions.add_newcomers(cycle=cycle, by=by, at=at),
            lambda: actions.leave_out(entry=entry, reason="Why not", by=by, at=at),
            lambda: actions.request_export(cycle=cycle, format="csv", by=by, at=at),
        ):
            with pytest.raises(PermissionDenied):
                attempt()


def test_ratings_follow_the_bands_and_their_bounds_are_inclusive(
    cast: Cast, cycle: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        bands = queries.bands_of(cycle)
        numbers = {
            entry.person_id: (entry.score_micro, entry.rating) for entry in queries.entries_of(cycle, bands)
        }
        assert numbers[cast.hr.pk] == (None, None)
        for micro, rating in numbers.values():
            assert rating == queries.rating_from(bands, micro)
        assert [queries.rating_from(bands, bound * 1_000_000) for bound in (95, 85, 70, 55, 0)] == [
            5,
            4,
            3,
            2,
            1,
        ]
        assert queries.rating_from(bands, 94_999_999) == 4


def test_changed_bounds_change_the_suggestions_until_the_sign_off(
    cast: Cast, cycle: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        bounds = {5: Decimal("99.5"), 4: Decimal(98), 3: Decimal(97), 2: Decimal(1)}
        actions.change_bands(cycle=cycle, bounds=bounds, by=actor(cast.hr), at=timezone.now())
        rated = queries.entries_of(cycle, queries.bands_of(cycle)).filter(score_micro__isnull=False)
        assert {entry.rating for entry in rated} == {2}
        assert AuditRow.objects.get(action="appraisals.change_bands").changes["5"] == ["95", "99.5"]
        with pytest.raises(actions.CycleRefused, match="higher"):
            actions.change_bands(
                cycle=cycle, bounds=bounds | {4: Decimal("99.5")}, by=actor(cast.hr), at=timezone.now()
            )


def test_somebody_left_out_keeps_the_entry_with_its_reason(cast: Cast, cycle: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=cycle, person=cast.colleague)
        with pytest.raises(actions.ExceptionRefused, match="why"):
            actions.leave_out(entry=entry, reason=" ", by=actor(cast.hr), at=timezone.now())
        actions.leave_out(entry=entry, reason="On leave since January", by=actor(cast.hr), at=timezone.now())
        assert queries.readiness(cycle, queries.bands_of(cycle)).left_out == 1
        assert AuditRow.objects.get(action="appraisals.leave_out").why == "On leave since January"
        with pytest.raises(actions.ExceptionRefused, match="meanwhile"):
            actions.leave_out(entry=entry, reason="Twice", by=actor(cast.hr), at=timezone.now())
        actions.take_back_in(entry=entry, reason="Back in March", by=actor(cast.hr), at=timezone.now())
        entry.refresh_from_db()
        assert (entry.state, entry.reason) == ("open", "Back in March")


def test_hr_neither_leaves_themselves_out_nor_adds_themselves(cast: Cast, cycle: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        mine = CycleEntry.objects.get(cycle=cycle, person=cast.hr)
        with pytest.raises(PermissionDenied):
            actions.leave_out(entry=mine, reason="Rather not", by=actor(cast.hr), at=timezone.now())


def test_somebody_outside_the_population_is_added_once(
    cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        cycle = opened(cast, quarter, actor, team=cast.team)
        given = {"cycle": cycle, "person": cast.boss, "reason": "Leads the pilot", "by": actor(cast.hr)}
        entry = actions.add_exception(**given, at=timezone.now())
        assert entry.is_exception
        with pytest.raises(actions.ExceptionRefused, match="already"):
            actions.add_exception(**given, at=timezone.now())


def test_newcomers_are_noticed_and_taken_in(cast: Cast, cycle: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        make_person("N1", "New Comer")
        assert queries.readiness(cycle, queries.bands_of(cycle)).newcomers == 1
        assert actions.add_newcomers(cycle=cycle, by=actor(cast.hr), at=timezone.now()) == 1
        assert actions.add_newcomers(cycle=cycle, by=actor(cast.hr), at=timezone.now()) == 0


def test_sign_off_waits_for_the_period_and_for_closed_scores(cast: Cast, cycle: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        hr = actor(cast.hr)
        with pytest.raises(actions.CycleRefused, match="Close the period"):
            actions.sign_off_cycle(cycle=cycle, by=hr, at=timezone.now())
        people.Period.objects.filter(pk=cycle.period_id).update(state="closing")
        with pytest.raises(actions.CycleRefused, match="provisional"):
            actions.sign_off_cycle(cycle=cycle, by=hr, at=timezone.now())
        cycle.period.refresh_from_db()
        actions.close_scores(cycle=cycle, by=hr, at=timezone.now())
        with pytest.raises(actions.CycleRefused, match="computed"):
            actions.sign_off_cycle(cycle=cycle, by=hr, at=timezone.now())


def test_sign_off_keeps_the_frozen_scores_and_ratings_of_everybody(
    cast: Cast, signed_off: Cycle, scored: list[people.Person]
) -> None:
    with tenancy.acting_for(cast.organisation):
        entries = {entry.person_id: entry for entry in CycleEntry.objects.filter(cycle=signed_off)}
        current = {item.person_id: item for item in CurrentScore.objects.select_related("score")}
        bands = queries.bands_of(signed_off)
        for person in scored:
            entry = entries[person.pk]
            assert entry.score_id == current[person.pk].score_id
            assert entry.suggested_rating == queries.rating_from(bands, current[person.pk].score.score_micro)
        assert entries[cast.hr.pk].score_id is None
        assert {entry.state for entry in entries.values()} == {"signed_off"}


def test_nothing_that_happens_later_alters_what_was_signed(
    cast: Cast, signed_off: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        bands = queries.bands_of(signed_off)

        def numbers() -> list[tuple[Any, ...]]:
            return list(
                queries.entries_of(signed_off, bands).values_list(
                    "number",
                    "score_row",
                    "score_micro",
                    "constant_micro",
                    "rating",
                    "manager",
                    "team",
                    "unit",
                )
            )

        before = numbers()
        restated.agree(signed_off.period, cast, actor, {(cast.employee.pk, "okr"): 1_000_000})
        scoring.rescore_people(person_ids=[cast.employee.pk, cast.colleague.pk], at=timezone.now())
        people.ReportingLine.objects.filter(person=cast.employee).update(manager=cast.boss)
        people.TeamMembership.objects.filter(person=cast.employee).delete()
        people.Person.objects.filter(pk=cast.employee.pk).update(unit=None, number="P999")
        assert numbers() == before


def test_the_database_refuses_to_move_a_signed_result(cast: Cast, signed_off: Cycle) -> None:
    with tenancy.acting_for(cast.organisation):
        entries = CycleEntry.objects.filter(cycle=signed_off, person=cast.employee)
        for attempt in (
            lambda: entries.update(suggested_rating=5),
            lambda: entries.update(score=None, suggested_rating=None),
            lambda: entries.update(manager=cast.boss),
            lambda: entries.update(state="left_out"),
            lambda: entries.delete(),
            lambda: Band.objects.filter(cycle=signed_off, rating=5).update(from_micro=1),
            lambda: Band.objects.filter(cycle=signed_off).delete(),
            lambda: Cycle.objects.filter(pk=signed_off.pk).update(state="open"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                attempt()


def test_a_cycle_is_signed_off_and_published_once(cast: Cast, published: Cycle, actor: Actor) -> None:
    with tenancy.acting_for(cast.organisation):
        for step in (actions.sign_off_cycle, actions.publish_wave):
            with pytest.raises(actions.CycleRefused) as refused:
                step(cycle=published, by=actor(cast.hr), at=timezone.now())
            assert refused.value.code == "conflict"


def test_publishing_comes_after_the_sign_off(cast: Cast, cycle: Cycle, actor: Actor) -> None:
    with (
        tenancy.acting_for(cast.organisation),
        pytest.raises(actions.CycleRefused, match="Sign the cycle off"),
    ):
        actions.publish_wave(cycle=cycle, by=actor(cast.hr), at=timezone.now())


def test_everybody_with_a_result_is_told_once_until_they_say_that_they_have_read_it(
    cast: Cast, published: Cycle, scored: list[people.Person], actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        tasks.announce_results.run()
        tasks.announce_results.run()
        items = WorkItem.objects.filter(kind=actions.RESULT)
        assert items.count() == len(scored)
        entry = CycleEntry.objects.get(cycle=published, person=cast.employee)
        actions.read_result(entry=entry, by=actor(cast.manager), at=timezone.now())
        assert CycleEntry.objects.get(pk=entry.pk).seen_at is None
        actions.read_result(entry=entry, by=actor(cast.employee), at=timezone.now())
        assert queries.readiness(published, queries.bands_of(published)).read == 1
        assert items.get(person=cast.employee).done_at is None
        actions.acknowledge_result(entry=entry, by=actor(cast.employee), at=timezone.now())
        assert items.get(person=cast.employee).done_at is not None


def test_the_distribution_counts_everybody_who_is_not_left_out(
    cast: Cast, cycle: Cycle, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        add_people(cycle, 20)
        bands = queries.bands_of(cycle)
        entries = queries.entries_of(cycle, bands)
        shares = queries.distribution(entries, bands)
        assert sum(share.people for share in shares) == entries.count()
        for share in shares:
            rating = share.band.rating if share.band else None
            assert share.people == sum(entry.rating == rating for entry in entries)


def test_ratings_are_counted_and_narrowed_by_what_is_the_result(cast: Cast, cycle: Cycle) -> None:
    with tenancy.acting_for(cast.organisation):
        bands = queries.bands_of(cycle)
        scored = queries.entries_of(cycle, bands).filter(score_micro__isnull=False)
        entry = scored.get(person=cast.employee)
        given = 1 if entry.rating == 5 else 5
        CycleEntry.objects.filter(pk=entry.pk).update(manager_rating=given, overall_micro=given * 1_000_000)
        shares = {
            share.band.rating: share.people for share in queries.distribution(scored, bands) if share.band
        }
        for rating, people_with in shares.items():
            filters = queries.Filters(rating=str(rating))
            found = list(queries.narrowed(queries.entries_of(cycle, bands), filters))
            assert [each.result_rating for each in found] == [rating] * people_with
            assert (entry in found) is (rating == given)
