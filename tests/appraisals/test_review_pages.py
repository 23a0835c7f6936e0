"""Every page and endpoint of reviews shown to the whole cast, in the same number of queries at any size."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from okr.models import Objective
from performance.appraisals import actions
from performance.appraisals.models import Citation, Cycle, CycleEntry, Review, TemplateVersion
from performance.foundation import access, tenancy
from performance.people import models as people
from tests.appraisals.conftest import add_people
from tests.appraisals.test_views import expect, statuses
from tests.appraisals.writing import answers, review_of, send
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]
SignIn = Callable[[people.Person], Client]


def page_of(review: Review) -> str:
    return reverse("appraisals:review", args=[review.pk])


def form_of(review: Review, **said: Any) -> dict[str, str]:
    given = {"revision": str(review.revision)}
    for key, answer in answers(review, **said).items():
        given |= {f"rating-{key}": "3", f"text-{key}": answer.text, f"why-{key}": answer.why}
    return given


@pytest.fixture
def mine(cast: Cast, reviewed: Cycle) -> Review:
    """The manager's review of the employee."""
    with tenancy.acting_for(cast.organisation):
        return review_of(reviewed, cast.employee, "manager")


def test_a_review_is_opened_by_its_writer_the_line_hr_and_auditors(
    cast: Cast, mine: Review, client_for: SignIn
) -> None:
    seen = expect(404, manager=200, boss=200, hr=200, auditor=200)
    assert statuses(cast, client_for, page_of(mine)) == seen
    assert statuses(cast, client_for, f"/api/v1/reviews/{mine.pk}/") == seen


def test_a_draft_is_read_by_its_writer_alone(
    cast: Cast, mine: Review, client_for: SignIn, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        actions.save_draft(
            review=mine,
            answers=answers(mine, text="Between us"),
            revision=0,
            by=actor(cast.manager),
            at=timezone.now(),
        )
    for name in ("manager", "boss", "hr", "auditor"):
        client = client_for(getattr(cast, name))
        assert ("Between us" in client.get(page_of(mine)).content.decode()) is (name == "manager"), name
        told = client.get(f"/api/v1/reviews/{mine.pk}/").json()
        assert bool(told["answers"]) is (name == "manager"), name


def test_hr_reads_of_themselves_no_more_than_anybody_else(
    cast: Cast, reviewed: Cycle, client_for: SignIn, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        entry, at = CycleEntry.objects.get(cycle=reviewed, person=cast.hr), timezone.now()
        peer = actions.nominate_peer(entry=entry, peer=cast.colleague, by=actor(cast.hr), at=at)
        actions.approve_peer(review=peer, by=actor(cast.boss), at=at)
        peer.refresh_from_db()
        send(peer, actor(cast.colleague), 2)
    for address in (page_of(peer), f"/api/v1/reviews/{peer.pk}/"):
        assert client_for(cast.hr).get(address).status_code == 404
        assert client_for(cast.auditor).get(address).status_code == 200


def test_the_line_comes_from_a_person_to_their_reviews_and_peers(
    cast: Cast, reviewed: Cycle, mine: Review, client_for: SignIn
) -> None:
    with tenancy.acting_for(cast.organisation):
        own = review_of(reviewed, cast.employee, "self")
    page = reverse("appraisals:entry", args=[mine.entry_id])
    for name in ("manager", "boss", "hr", "auditor"):
        client = client_for(getattr(cast, name))
        shown = client.get(page).content.decode()
        for address in (page_of(mine), page_of(own), reverse("appraisals:peers", args=[mine.entry_id])):
            assert address in shown, name
            assert client.get(address).status_code == 200


def test_only_its_writer_writes_it(cast: Cast, mine: Review, client_for: SignIn) -> None:
    draft = reverse("appraisals:review_draft", args=[mine.pk])
    found = statuses(cast, client_for, draft, "post", data={"revision": "0"})
    assert found == expect(404, manager=200, boss=403, hr=403, auditor=403)
    found = statuses(
        cast,
        client_for,
        f"/api/v1/reviews/{mine.pk}/",
        "put",
        data={"revision": 1, "answers": []},
        content_type="application/json",
    )
    assert found == expect(404, manager=200, boss=403, hr=403, auditor=403)


def test_a_peer_sees_their_own_review_and_nothing_else_before_and_after_release(
    cast: Cast, reviewed: Cycle, mine: Review, client_for: SignIn, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=reviewed, person=cast.employee)
        peer = actions.nominate_peer(
            entry=entry, peer=cast.colleague, by=actor(cast.manager), at=timezone.now()
        )
        send(review_of(reviewed, cast.employee, "manager"), actor(cast.manager), text="From above")
        sent = send(Review.objects.get(pk=peer.pk), actor(cast.colleague), 4, text="From beside")
    colleague, employee = client_for(cast.colleague), client_for(cast.employee)
    for is_released in (False, True):
        if is_released:
            with tenancy.acting_for(cast.organisation):
                CycleEntry.objects.filter(pk=entry.pk).update(state="published")
        assert colleague.get(page_of(sent)).status_code == 200
        assert colleague.get(page_of(mine)).status_code == 404
        assert colleague.get(reverse("appraisals:entry", args=[entry.pk])).status_code == 404
        assert colleague.get(reverse("appraisals:peers", args=[entry.pk])).status_code == 404
        # The person never sees who wrote what, and what their manager wrote only once it is released.
        assert employee.get(page_of(sent)).status_code == 404
        assert employee.get(f"/api/v1/reviews/{sent.pk}/").status_code == 404
        assert employee.get(page_of(mine)).status_code == (200 if is_released else 404)
    shown = employee.get(page_of(mine)).content.decode()
    assert "From above" in shown
    assert "From beside" not in shown
    manager = client_for(cast.manager).get(page_of(mine)).content.decode()
    assert "From beside" in manager
    told = employee.get(f"/api/v1/entries/{entry.pk}/peers/").json()
    assert [each["state"] for each in told] == ["agreed"]


def test_a_former_manager_sees_no_review_that_they_do_not_owe(
    cast: Cast, reviewed: Cycle, mine: Review, client_for: SignIn
) -> None:
    with tenancy.acting_for(cast.organisation):
        own = review_of(reviewed, cast.employee, "self")
        people.ReportingLine.objects.filter(manager=cast.manager).update(manager=cast.boss)
    client = client_for(cast.manager)
    assert client.get(page_of(own)).status_code == 404
    # Theirs stays theirs, without the score that they may see no more.
    page = client.get(page_of(mine)).content.decode()
    assert "No suggestion" in page
    assert "card-evidence" in page
    assert "Open the scorecard" not in page


def test_steps_of_a_review_meet_the_cast(cast: Cast, mine: Review, client_for: SignIn) -> None:
    for step, allowed in (("excuse", {"hr": 422}), ("reopen", {"hr": 422})):
        address = reverse(f"appraisals:{step}", args=[mine.pk])
        found = statuses(cast, client_for, address, "post", data={"reason": ""})
        assert found == expect(403, stranger=404, **allowed), step
    for step, found in (
        ("decline", expect(404, manager=422, boss=422, hr=422, auditor=403)),
        ("delegate", expect(404, manager=422, boss=422, hr=422, auditor=403)),
    ):
        address = reverse(f"appraisals:{step}", args=[mine.pk])
        assert statuses(cast, client_for, address, "post", data={"reason": ""}) == found
    address = reverse("appraisals:decline", args=[mine.pk])
    assert client_for(cast.manager).post(address, {"reason": "No time"}).status_code == 403


def test_the_pages_of_a_cycle_meet_the_cast(
    cast: Cast, reviewed: Cycle, template: TemplateVersion, client_for: SignIn
) -> None:
    own = expect(404, hr=200, auditor=200, manager=200, boss=200)
    assert statuses(cast, client_for, reverse("appraisals:progress", args=[reviewed.pk])) == own
    assert statuses(cast, client_for, f"/api/v1/cycles/{reviewed.pk}/progress/") == own
    assert statuses(cast, client_for, f"/api/v1/cycles/{reviewed.pk}/stages/") == own
    for_hr = expect(403, hr=200, stranger=404)
    assert statuses(cast, client_for, reverse("appraisals:stages", args=[reviewed.pk])) == for_hr
    # HR of another organisation come to their own list.
    listed = expect(403, hr=200, auditor=200, stranger=200)
    read = expect(403, hr=200, auditor=200, stranger=404)
    assert statuses(cast, client_for, reverse("appraisals:templates")) == listed
    assert statuses(cast, client_for, reverse("appraisals:template", args=[template.pk])) == read
    assert statuses(cast, client_for, "/api/v1/review-templates/") == listed
    assert statuses(cast, client_for, f"/api/v1/review-templates/{template.pk}/") == read
    assert statuses(cast, client_for, reverse("appraisals:my_reviews")) == expect(200)
    assert statuses(cast, client_for, "/api/v1/reviews/") == expect(200)
    for step in ("remind", "extend"):
        address = reverse(f"appraisals:{step}", args=[reviewed.pk])
        assert statuses(cast, client_for, address, "post") == expect(
            403, stranger=404, hr=422 if step == "remind" else 409
        )
        found = statuses(
            cast,
            client_for,
            f"/api/v1/cycles/{reviewed.pk}/progress/",
            "post",
            data={"step": step},
            content_type="application/json",
        )
        assert found == expect(404, hr=422 if step == "remind" else 409, auditor=403, manager=403, boss=403)


def test_peers_are_known_to_the_person_their_line_hr_and_auditors(
    cast: Cast, reviewed: Cycle, client_for: SignIn
) -> None:
    with tenancy.acting_for(cast.organisation):
        entry = CycleEntry.objects.get(cycle=reviewed, person=cast.employee)
    address = reverse("appraisals:peers", args=[entry.pk])
    seen = expect(404, employee=200, manager=200, boss=200, hr=200, auditor=200)
    assert statuses(cast, client_for, address) == seen
    found = statuses(cast, client_for, address, "post", data={"person": "nobody at all"})
    assert found == expect(404, employee=422, manager=422, boss=422, hr=422, auditor=403)


def test_without_scripts_a_review_is_saved_and_sent(cast: Cast, mine: Review, client_for: SignIn) -> None:
    client = client_for(cast.manager)
    with tenancy.acting_for(cast.organisation):
        first = form_of(mine) | {"do": "later"}
    assert client.post(page_of(mine), first).status_code == 302
    with tenancy.acting_for(cast.organisation):
        kept = Review.objects.get(pk=mine.pk)
        assert (kept.revision, kept.state) == (1, "open")
        behind = form_of(mine, text="An older window") | {"do": "send"}
    refused = client.post(page_of(mine), behind)
    assert refused.status_code == 409
    assert "An older window" in refused.content.decode()
    assert "Well done." in refused.content.decode()
    with tenancy.acting_for(cast.organisation):
        current = form_of(Review.objects.select_related("entry__cycle").get(pk=mine.pk)) | {"do": "send"}
    assert client.post(page_of(mine), current).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert Review.objects.get(pk=mine.pk).is_submitted


def test_a_goal_is_cited_as_it_stood_and_what_one_cannot_see_is_not(
    cast: Cast, quarter: people.Period, mine: Review, client_for: SignIn, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        goal = Objective.objects.create(
            owner=cast.employee,
            period=quarter,
            title="Full shelves",
            state="active",
            visibility="public",
            proposed_by=cast.employee,
            created_at=timezone.now(),
        )
        section = next(iter(answers(mine)))
    client = client_for(cast.manager)
    assert "Full shelves" in client.get(page_of(mine)).content.decode()
    said = {"section": str(section), "kind": "objective", "subject": str(goal.pk)}
    address = reverse("appraisals:cite", args=[mine.pk])
    assert client.post(address, said).status_code == 302
    assert client.post(address, said, headers={"HX-Request": "true"}).status_code == 200
    with tenancy.acting_for(cast.organisation):
        Objective.objects.filter(pk=goal.pk).update(title="Another title")
        citation = Citation.objects.get(review=mine)
        assert citation.title == "Full shelves"
        with pytest.raises(actions.CiteRefused):
            actions.cite(
                review=mine,
                section_id=section,
                kind="objective",
                subject="01a22f95-0000-7000-8000-000000000000",
                by=actor(cast.manager),
                at=timezone.now(),
            )
        with pytest.raises(PermissionDenied):
            actions.uncite(citation=citation, by=actor(cast.boss), at=timezone.now())
    gone = reverse("appraisals:uncite", args=[mine.pk, citation.pk])
    assert client.post(gone).status_code == 302
    with tenancy.acting_for(cast.organisation):
        assert not Citation.objects.filter(review=mine).exists()


def test_a_template_is_written_in_its_form(cast: Cast, client_for: SignIn) -> None:
    client = client_for(cast.hr)
    started = client.post(reverse("appraisals:templates"), {"name_en": "Short", "name_zh": ""})
    page = client.get(started["Location"]).content.decode()
    assert "How we work" in page
    given = {
        "s-TOTAL_FORMS": "1",
        "s-INITIAL_FORMS": "0",
        "s-0-kind": "score",
        "s-0-name_en": "Everything",
        "s-0-weight": "90",
        "s-0-asked_of": ["self", "manager"],
        "s-0-steps": "Not yet | 尚未\nYes | 是",
    }
    assert client.post(started["Location"], given).status_code == 302
    publish = f"{started['Location']}publish/"
    assert client.post(publish).status_code == 422
    assert client.post(started["Location"], given | {"s-0-weight": "100"}).status_code == 302
    assert client.post(publish).status_code == 302
    assert client.post(started["Location"], given).status_code == 409


PAGES = (
    ("appraisals:cycle", "hr"),
    ("appraisals:progress", "hr"),
    ("appraisals:progress", "manager"),
    ("appraisals:stages", "hr"),
)


def test_queries_stay_the_same_with_more_people(
    cast: Cast, reviewed: Cycle, mine: Review, client_for: SignIn
) -> None:
    addresses = [(reverse(name, args=[reviewed.pk]), who) for name, who in PAGES]
    addresses += [
        (page_of(mine), "manager"),
        (reverse("appraisals:my_reviews"), "manager"),
        (reverse("appraisals:templates"), "hr"),
        (f"/api/v1/cycles/{reviewed.pk}/progress/", "hr"),
        ("/api/v1/reviews/", "manager"),
        (f"/api/v1/reviews/{mine.pk}/", "manager"),
    ]

    def counts() -> list[int]:
        found = []
        for address, who in addresses:
            client = client_for(getattr(cast, who))
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200, address
            found.append(len(queries))
        return found

    few = counts()
    with tenancy.acting_for(cast.organisation):
        added = add_people(reviewed, 30)
        for person in added:
            people.ReportingLine.objects.create(
                person=person, manager=cast.manager, starts_on=reviewed.period.starts_on
            )
        entries = CycleEntry.objects.filter(cycle=reviewed, person__in=added)
        Review.objects.bulk_create(
            [Review(entry=entry, kind="manager", reviewer=cast.manager) for entry in entries]
        )
    assert counts() == few
