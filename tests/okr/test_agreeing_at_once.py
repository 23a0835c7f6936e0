"""Two people at one agreement in the same moment: one clear outcome, whoever is first."""

import threading

import pytest
from django.db import connection

from okr import actions
from okr.models import Agreement
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from tests.okr.conftest import content


@pytest.mark.django_db(transaction=True)
def test_agreeing_and_changing_at_once_have_one_clear_outcome(cast, quarter, actor, now):
    """The manager signs version 1 while the owner proposes version 2: either 1 is in force and 2 waits, or the
    signature is refused as a conflict. Never a signature under a text that was not seen."""
    with tenancy.acting_for(cast.organisation):
        employee, manager = actor(cast.employee), actor(cast.manager)
        objective = actions.propose_objective(period=quarter, content=content("A"), by=employee, at=now)
    outcomes: dict[str, str] = {}
    together = threading.Barrier(2)

    def attempt(name, do):
        try:
            with tenancy.acting_for(cast.organisation):
                together.wait(timeout=10)
                do()
                outcomes[name] = "done"
        except actions.ObjectiveRefused as refusal:
            outcomes[name] = refusal.code
        finally:
            connection.close()

    def sign():
        actions.agree_objective(objective=objective, version_number=1, by=manager, at=now)

    def change():
        actions.propose_change(objective=objective, content=content("B"), reason="New.", by=employee, at=now)

    threads = [threading.Thread(target=attempt, args=each) for each in (("sign", sign), ("change", change))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        states = dict(objective.versions.values_list("number", "state"))
        assert outcomes["change"] == "done"
        if outcomes["sign"] == "done":
            assert states == {1: "in_force", 2: "proposed"}
            assert objective.version_number == 1
        else:
            assert outcomes["sign"] == "conflict"
            assert states == {1: "superseded", 2: "proposed"}
            assert objective.version_number is None


@pytest.mark.django_db(transaction=True)
def test_two_agreements_at_once_put_it_in_force_once(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        employee, manager, hr = actor(cast.employee), actor(cast.manager), actor(cast.hr)
        objective = actions.propose_objective(
            period=quarter, content=content("A"), owner=cast.employee, by=hr, at=now
        )
    together = threading.Barrier(2)
    failures: list[Exception] = []

    def sign(by):
        try:
            with tenancy.acting_for(cast.organisation):
                together.wait(timeout=10)
                actions.agree_objective(objective=objective, version_number=1, by=by, at=now)
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(each,)) for each in (employee, manager)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert failures == []
    with tenancy.acting_for(cast.organisation):
        objective.refresh_from_db()
        assert (objective.state, objective.version_number) == ("active", 1)
        assert AuditRow.objects.filter(action="okr.put_in_force", subject_id=objective.pk).count() == 1
        assert Agreement.objects.count() == 2
