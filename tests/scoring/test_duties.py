"""Whoever is scored edits neither source, metric nor target of that score."""

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from performance.foundation import access, duties, tenancy
from performance.kpis import actions as kpis
from performance.kpis.models import Metric
from performance.people import models as people
from performance.scoring import queries
from performance.scoring.models import PolicyVersion
from performance.sources import actions as sources
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES

pytestmark = pytest.mark.django_db
Load = Callable[[people.Person], access.Actor]


@pytest.fixture
@ready.made
def revenue(cast: Cast, actor: Load) -> Dataset:
    """What revenue is read from."""
    with tenancy.acting_for(cast.organisation):
        people.RoleGrant.objects.create(person=cast.employee, role="finance_owner")
        read = tables.make_dataset("sales", SALES, [(1, "2026-01-05", "Hangzhou", "Binjiang", 1, 1, "10.00")])
        tables.certify(cast, actor, "revenue", tables.base(read, "sum", "price"))
        return read


@pytest.fixture
@ready.made
def turnover(revenue: Dataset, cast: Cast, actor: Load) -> Metric:
    """What the policy weighs is computed from revenue."""
    with tenancy.acting_for(cast.organisation):
        return tables.certify(cast, actor, "turnover", tables.formula("revenue * 2", "money:CNY")).metric


@pytest.fixture
@ready.made
def dataset(locked: PolicyVersion, revenue: Dataset) -> Dataset:
    """Turnover, which scores the employee, is computed from revenue, which is read from this dataset."""
    return revenue


def set_target(cast: Cast, by: access.Actor, key: str) -> None:
    row = (datetime.date(2026, 1, 1), dict[str, str](), Decimal(5))
    metric = Metric.objects.get(key=key)
    kpis.set_targets(metric=metric, kind="target", rows=[row], by=by, at=timezone.now())


@pytest.mark.parametrize("key", ["turnover", "revenue"])
def test_the_scored_set_no_target_of_their_metric_nor_of_what_it_rests_on(
    dataset: Dataset, cast: Cast, actor: Load, key: str
) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(duties.ScoredRefused, match="You are scored"):
            set_target(cast, actor(cast.employee), key)
        set_target(cast, actor(cast.finance_owner), key)


def test_the_scored_retire_and_revise_nothing_that_scores_them(
    dataset: Dataset, cast: Cast, actor: Load
) -> None:
    with tenancy.acting_for(cast.organisation):
        metric = Metric.objects.get(key="turnover")
        with pytest.raises(duties.ScoredRefused):
            kpis.retire_metric(
                metric=metric, reason="It looks bad", by=actor(cast.employee), at=timezone.now()
            )
        with pytest.raises(duties.ScoredRefused):
            kpis.revise_metric(
                metric=metric,
                definition=tables.base(dataset, "sum", "price"),
                by=actor(cast.employee),
                at=timezone.now(),
            )


def test_the_scored_close_no_dataset_under_their_score(dataset: Dataset, cast: Cast, actor: Load) -> None:
    with tenancy.acting_for(cast.organisation):
        with pytest.raises(duties.ScoredRefused):
            sources.close_dataset(dataset=dataset, by=actor(cast.employee), at=timezone.now())
        sources.close_dataset(dataset=dataset, by=actor(cast.finance_owner), at=timezone.now())


def test_nobody_outside_the_policy_is_scored_by_its_metrics(dataset: Dataset, cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        assert queries.is_scored_by(cast.employee.pk, {"turnover"})
        assert not queries.is_scored_by(cast.finance_owner.pk, {"turnover"})
        assert not queries.is_scored_by(cast.employee.pk, {"revenue"})


def test_the_scored_redirect_pause_and_stop_nothing_that_is_read_for_their_score(
    dataset: Dataset, cast: Cast, actor: Load
) -> None:
    with tenancy.acting_for(cast.organisation):
        by, at, connection = actor(cast.employee), timezone.now(), dataset.connection
        load = sources.start_load(dataset=dataset, by=actor(cast.finance_owner), at=at)
        for refused in (
            lambda: sources.change_connection(
                connection=connection, values={"host": "db.example"}, password="x", by=by, at=at
            ),
            lambda: sources.pause_connection(connection=connection, by=by, at=at),
            lambda: sources.stop_load(load=load, by=by, at=at),
        ):
            with pytest.raises(duties.ScoredRefused):
                refused()
        sources.pause_connection(connection=connection, by=actor(cast.finance_owner), at=at)
