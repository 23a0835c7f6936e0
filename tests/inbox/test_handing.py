"""Work in somebody else's hands: only theirs who may do it already, seen by both, and taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from okr import actions as goals
from okr import rules
from okr.models import Objective
from performance.foundation import audit, tenancy
from performance.inbox import actions, models, queries
from performance.inbox.actions import work
from performance.inbox.models import Delivery, WorkItem
from performance.people import queries as people
from tests import races
from tests.conftest import Cast
from tests.okr.conftest import content, key_result


@pytest.fixture
def reply(cast: Cast, quarter: Any, actor: Any, now: Any) -> Any:
    """The manager is asked to reply to the employee, who asks nobody by name."""
    with tenancy.acting_for(cast.organisation):
        yield asked_to_reply(cast, quarter, actor, now)


def asked_to_reply(cast: Cast, quarter: Any, actor: Any, now: Any, **fields: Any) -> Any:
    objective = goals.propose_objective(
        period=quarter, content=content("Close store 07", key_result()), by=actor(cast.employee), at=now
    )
    goals.agree_objective(objective=objective, version_number=1, by=actor(cast.manager), at=now)
    check_in = report(cast, quarter, actor, now, "The supplier is silent.", **fields)
    return WorkItem.objects.get(kind="goals.reply", person=cast.manager), check_in


def report(cast: Cast, quarter: Any, actor: Any, now: Any, blockers: str, **fields: Any) -> Any:
    return goals.submit_check_in(
        period=quarter,
        week_starts_on=rules.monday_of(people.today(cast.organisation)),
        readings=(),
        blockers=blockers,
        by=actor(cast.employee),
        at=now,
        **fields,
    )


def waiting(person: Any) -> list[str]:
    return [item.kind for item in queries.open_items(person.pk)]


def test_only_those_who_may_do_it_are_offered(reply: Any, cast: Cast) -> None:
    item, _check_in = reply
    assert list(queries.stand_ins(item, people.today(cast.organisation))) == [cast.boss]


def test_it_waits_for_whoever_got_it_and_both_see_whose_it_is(
    reply: Any, cast: Cast, actor: Any, now: Any, client_for: Callable[..., Any]
) -> None:
    item, _check_in = reply
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    assert waiting(cast.manager) == []
    assert waiting(cast.boss) == ["goals.reply"]
    assert Delivery.objects.filter(item=theirs).count() == 1
    mine = client_for(cast.manager).get(reverse("inbox:list") + "?list=handed").content.decode()
    assert f"you handed it to {cast.boss.name_en}" in mine
    other = client_for(cast.boss).get(reverse("inbox:list")).content.decode()
    assert f"handed to you by {cast.manager.name_en}" in other
    row = audit.rows().get(action="inbox.hand_work")
    assert row.changes == {"kind": "goals.reply"}


def test_done_by_either_it_is_done_for_both(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, check_in = reply
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    goals.reply_to_check_in(check_in=check_in, text="I call them.", by=actor(cast.boss), at=now)
    for each in (item, theirs):
        each.refresh_from_db()
        assert (each.done_at, each.done_by) == (now, cast.boss)


def test_the_one_who_handed_it_over_may_still_do_it(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, check_in = reply
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    goals.reply_to_check_in(check_in=check_in, text="I call them.", by=actor(cast.manager), at=now)
    theirs.refresh_from_db()
    assert theirs.done_by == cast.manager


def test_it_is_taken_back_or_given_back(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, _check_in = reply
    for by in (cast.manager, cast.boss):
        item.refresh_from_db()
        theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
        actions.take_work_back(item=item if by == cast.manager else theirs, by=actor(by), at=now)
        assert waiting(cast.manager) == ["goals.reply"]
        assert waiting(cast.boss) == []
        with pytest.raises(actions.InboxRefused, match="Nobody else"):
            actions.take_work_back(item=item, by=actor(cast.manager), at=now)
    assert audit.rows().filter(action="inbox.take_work_back").count() == 2


def test_nobody_is_asked_who_may_not_do_it(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, _check_in = reply
    for to in (cast.colleague, cast.hr, cast.auditor, cast.employee, cast.manager):
        with pytest.raises(actions.InboxRefused, match="who may do this"):
            actions.hand_work(item=item, to=to, by=actor(cast.manager), at=now)
    assert waiting(cast.manager) == ["goals.reply"]


def test_what_was_handed_over_is_not_handed_on(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, _check_in = reply
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    with pytest.raises(actions.InboxRefused, match="waits for you alone"):
        actions.hand_work(item=theirs, to=cast.manager, by=actor(cast.boss), at=now)
    with pytest.raises(actions.InboxRefused, match="in hand already"):
        actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)


def test_an_agreement_stays_with_its_two_sides(cast: Cast, actor: Any, now: Any, quarter: Any) -> None:
    with tenancy.acting_for(cast.organisation):
        goals.propose_objective(
            period=quarter, content=content("Close store 07", key_result()), by=actor(cast.employee), at=now
        )
        item = WorkItem.objects.get(kind="goals.agreement", person=cast.manager)
        assert not queries.stand_ins(item, people.today(cast.organisation)).exists()
        with pytest.raises(actions.InboxRefused, match="waits for you alone"):
            actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)


def test_asked_again_it_stays_where_it_is(reply: Any, cast: Cast, actor: Any, now: Any, quarter: Any) -> None:
    item, check_in = reply
    actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    goals.submit_check_in(
        period=quarter,
        week_starts_on=check_in.week_starts_on,
        readings=(),
        blockers="The supplier has answered: no.",
        by=actor(cast.employee),
        at=now,
    )
    assert waiting(cast.manager) == []
    assert queries.open_items(cast.boss.pk).get().detail_en == "The supplier has answered: no."


def test_when_whoever_got_it_leaves_it_goes_back(reply: Any, cast: Cast, actor: Any, now: Any) -> None:
    item, _check_in = reply
    actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    actions.pass_work_on(person=cast.boss, to=None, at=now)
    assert waiting(cast.manager) == ["goals.reply"]
    assert waiting(cast.boss) == []


def test_when_whoever_handed_it_over_leaves_it_stays_where_it_is(
    reply: Any, cast: Cast, actor: Any, now: Any
) -> None:
    item, _check_in = reply
    actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    actions.pass_work_on(person=cast.manager, to=cast.boss, at=now)
    assert waiting(cast.boss) == ["goals.reply"]
    assert queries.open_items(cast.boss.pk).get().handed_by is None


def test_the_pages_and_the_api_do_the_same(reply: Any, cast: Cast, client_for: Callable[..., Any]) -> None:
    item, _check_in = reply
    page = reverse("inbox:hand", args=[item.pk])
    manager, boss = client_for(cast.manager), client_for(cast.boss)
    assert page in manager.get(reverse("inbox:list")).content.decode()
    assert cast.boss.name_en in manager.get(page).content.decode()
    assert boss.get(page).status_code == 404
    assert manager.post(page, {"to": cast.colleague.pk}).status_code == 422
    assert manager.post(page, {"to": cast.boss.pk}).status_code == 302
    undo = reverse("inbox:take_back", args=[item.pk])
    assert 'data-seconds="10"' in (shown := manager.get(reverse("inbox:list")).content.decode())
    assert f'<form method="post" action="{undo}"' in shown
    assert "Handed over 1</a>" in shown
    assert manager.post(undo).status_code == 302
    endpoint = reverse("api_inbox_hand", args=[item.pk])
    assert [each["id"] for each in manager.get(endpoint).json()] == [str(cast.boss.pk)]
    refused = manager.post(endpoint, {"to": str(cast.colleague.pk)}, content_type="application/json")
    assert refused.status_code == 400
    answer = manager.post(endpoint, {"to": str(cast.boss.pk)}, content_type="application/json")
    assert answer.json()["handed_to_id"] == str(cast.boss.pk)
    assert manager.get(reverse("api_inbox") + "?handed=1").json()["results"][0]["id"] == str(item.pk)
    theirs = boss.get(reverse("api_inbox")).json()["results"][0]
    assert theirs["handed_by_id"] == str(cast.manager.pk)
    back = reverse("api_inbox_take_back", args=[theirs["id"]])
    assert boss.post(back).status_code == 204
    assert boss.post(back).status_code == 409


def test_what_is_overdue_in_other_hands_goes_up_their_line(
    reply: Any, cast: Cast, actor: Any, now: Any
) -> None:
    item, _check_in = reply
    models.WorkItem.objects.filter(pk=item.pk).update(escalations=1, escalated_to=cast.boss)
    item.refresh_from_db()
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    item.refresh_from_db()
    assert (item.escalations, item.escalated_to) == (0, None)
    assert list(queries.going_up()) == [theirs]


@pytest.mark.django_db(transaction=True)
def test_what_is_done_while_it_changes_hands_waits_for_nobody(
    cast: Cast, quarter: Any, actor: Any, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        item, _check_in = asked_to_reply(cast, quarter, actor, now)
    races.second_waits_for_first(
        cast.organisation,
        lambda: actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now),
        lambda: actions.resolve_work(
            kind=item.kind, subject_id=item.subject_id, by=cast.manager, to=cast.manager, at=now
        ),
    )
    with tenancy.acting_for(cast.organisation):
        assert (waiting(cast.manager), waiting(cast.boss)) == ([], [])


def test_a_system_hears_that_what_was_taken_back_no_longer_waits_in_other_hands(
    reply: Any, webhook: Any, cast: Cast, actor: Any, now: Any
) -> None:
    item, _check_in = reply
    theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
    actions.take_work_back(item=item, by=actor(cast.manager), at=now)
    told = Delivery.objects.filter(item=theirs, endpoint=webhook[0]).order_by("pk")
    assert list(told.values_list("occasion", flat=True)) == ["assigned", "done"]


def test_whoever_is_asked_in_their_own_name_meanwhile_keeps_it_when_it_is_taken_back(
    reply: Any, cast: Cast, actor: Any, now: Any
) -> None:
    item, _check_in = reply
    told = {"title_en": "Reply", "title_zh": "回复", "url": "/"}
    subject = {"subject_id": item.subject_id, **told}
    for ask in (
        lambda: actions.assign_work(to=cast.boss, kind=item.kind, by=None, at=now, **subject),
        lambda: work.assign_many(
            kind=item.kind, works=[actions.Work(cast.boss.pk, due_on=None, **subject)], at=now
        ),
    ):
        item.refresh_from_db()
        theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
        ask()
        actions.take_work_back(item=item, by=actor(cast.manager), at=now)
        assert (waiting(cast.manager), waiting(cast.boss)) == (["goals.reply"], ["goals.reply"])
        WorkItem.objects.filter(pk=theirs.pk).update(done_at=now)


def test_whoever_may_not_do_it_any_more_reads_no_more_of_it(
    cast: Cast, quarter: Any, actor: Any, now: Any
) -> None:
    with tenancy.acting_for(cast.organisation):
        item, _check_in = asked_to_reply(cast, quarter, actor, now, asks=cast.colleague)
        theirs = actions.hand_work(item=item, to=cast.colleague, by=actor(cast.manager), at=now)
        report(cast, quarter, actor, now, "It is about salaries.", asks=cast.boss)
        theirs.refresh_from_db()
        assert theirs.detail_en == "The supplier is silent."
        assert waiting(cast.colleague) == []
        assert waiting(cast.manager) == ["goals.reply"]


@pytest.fixture
def offered(cast: Cast, quarter: Any, actor: Any, now: Any) -> Any:
    """The manager is offered a private objective of the employee; somebody outside their line agrees for the other
    side of what is served."""
    with tenancy.acting_for(cast.organisation):
        served = goals.propose_objective(
            period=quarter, content=content("Above all", key_result()), by=actor(cast.manager), at=now
        )
        Objective.objects.filter(pk=served.pk).update(agreer=cast.business_owner)
        served.refresh_from_db()
        offering = goals.propose_objective(
            period=quarter,
            content=content("Close store 07", key_result(), visibility="private"),
            by=actor(cast.employee),
            at=now,
        )
        link = goals.align_objectives(
            child=offering, parent=served, share_ppm=100_000, by=actor(cast.employee), at=now
        )
        yield WorkItem.objects.get(kind="goals.link", person=cast.manager), link


def test_an_offer_is_handed_to_nobody_who_may_not_see_what_is_offered(offered: Any, cast: Cast) -> None:
    item, _link = offered
    assert item.detail_en == "Close store 07"
    assert list(queries.stand_ins(item, people.today(cast.organisation))) == [cast.boss]


def test_nobody_is_asked_to_do_what_is_done_and_gone(
    offered: Any, cast: Cast, actor: Any, now: Any, client_for: Callable[..., Any]
) -> None:
    item, link = offered
    goals.part_objectives(link=link, by=actor(cast.employee), at=now)
    page = client_for(cast.manager).get(reverse("inbox:hand", args=[item.pk]))
    assert page.status_code == 200
    assert cast.boss.name_en not in page.content.decode()


def test_whoever_gave_it_back_does_not_take_it_from_the_next_one(
    cast: Cast, quarter: Any, actor: Any, now: Any, client_for: Callable[..., Any]
) -> None:
    with tenancy.acting_for(cast.organisation):
        item, _check_in = asked_to_reply(cast, quarter, actor, now, asks=cast.colleague)
        old = actions.hand_work(item=item, to=cast.colleague, by=actor(cast.manager), at=now)
        actions.take_work_back(item=old, by=actor(cast.colleague), at=now)
        item.refresh_from_db()
        theirs = actions.hand_work(item=item, to=cast.boss, by=actor(cast.manager), at=now)
        assert client_for(cast.colleague).post(f"/api/v1/inbox/{old.pk}/take-back/").status_code == 409
        theirs.refresh_from_db()
        assert theirs.done_at is None
        assert waiting(cast.boss) == ["goals.reply"]
        with pytest.raises(actions.InboxRefused, match="Nobody else"):
            actions.take_work_back(item=item, by=actor(cast.colleague), at=now)
