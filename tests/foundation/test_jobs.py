"""Tasks carry their organisation; nudges are courtesies."""

import uuid

import pytest
from celery import Celery, shared_task
from django.db import transaction
from django.utils import timezone

from performance.foundation import jobs, tenancy
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

SEEN: list[tuple[uuid.UUID, int]] = []


@shared_task(base=jobs.OrganisationTask, name="tests.count_people")
def count_people() -> int:
    found = people.Person.objects.count()
    SEEN.append((tenancy.current_organisation_id(), found))
    return found


@shared_task(base=jobs.OrganisationTask, name="tests.wait_on_network", transactional=False)
def wait_on_network() -> bool:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        return transaction.get_connection().in_atomic_block and people.Person.objects.exists()


def test_a_task_sent_without_an_organisation_is_refused_by_the_caller() -> None:
    with pytest.raises(tenancy.NoOrganisation):
        count_people.apply_async()
    with pytest.raises(tenancy.NoOrganisation):
        count_people.delay()


def test_a_task_that_arrives_without_an_organisation_is_refused_by_the_worker(cast: Cast) -> None:
    with pytest.raises(tenancy.NoOrganisation):
        count_people()


def test_a_task_acts_for_the_organisation_of_its_sender(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        assert count_people.apply().get() == 9
    with tenancy.acting_for(cast.elsewhere):
        assert count_people.apply().get() == 1
    assert SEEN[-1] == (cast.elsewhere.pk, 1)


def test_a_forged_header_shows_only_that_organisations_rows(cast: Cast) -> None:
    result = count_people.apply(headers={jobs.HEADER: str(uuid.uuid4())})
    assert result.get() == 0


def test_a_task_that_waits_on_the_network_opens_its_own_transactions(cast: Cast) -> None:
    with tenancy.acting_for(cast.organisation):
        assert wait_on_network.apply().get() is True


def test_a_nudge_is_sent_after_commit_with_the_organisation(
    cast: Cast, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(count_people, "apply_async", lambda *a, **options: sent.append(options["headers"]))
    with django_capture_on_commit_callbacks(execute=True), tenancy.acting_for(cast.organisation):  # type: ignore[operator]
        jobs.nudge(count_people)
        assert sent == []
    assert sent == [{"organisation": str(cast.organisation.pk)}]


def test_a_broker_that_is_away_does_not_fail_the_request(
    cast: Cast, django_capture_on_commit_callbacks: object, caplog: pytest.LogCaptureFixture
) -> None:
    nobody_listens = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)

    @nobody_listens.task(base=jobs.OrganisationTask, name="tests.lost")
    def lost() -> None: ...

    with django_capture_on_commit_callbacks(execute=True), tenancy.acting_for(cast.organisation):  # type: ignore[operator]
        jobs.nudge(lost)
    assert "the sweep will pick it up" in caplog.text


def test_a_sweep_sends_one_message_to_each_living_organisation(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        count_people, "apply_async", lambda *a, **options: sent.append(options["headers"]["organisation"])
    )
    cast.elsewhere.closed_at = timezone.now()
    cast.elsewhere.save(update_fields=["closed_at"])
    assert jobs.send_to_every_organisation(count_people) == len(sent) == len(set(sent))
    assert str(cast.organisation.pk) in sent
    assert str(cast.elsewhere.pk) not in sent
