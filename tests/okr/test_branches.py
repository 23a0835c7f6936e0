"""Branches of the alignment tree are fetched one at a time and show what the reader may see."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions
from performance.foundation import tenancy
from tests import ready
from tests.okr.conftest import content, key_result
from tests.okr.test_visibility import EVERYBODY, SEEN_BY


@pytest.fixture
@ready.made
def parent(propose, agree):
    return agree(propose(content("Full shelves", key_result())))


@pytest.fixture
def serve(parent, propose, agree, cast, actor, now):
    """Brings objectives into force that serve the parent."""

    def do(count=1, title="Secret recipe", **fields):
        for number in range(count):
            child = agree(propose(content(f"{title} {number}", key_result(), **fields)))
            actions.align_objectives(
                child=child, parent=parent, kind="supports", share_ppm=0, by=actor(cast.manager), at=now
            )
        return child

    return do


@pytest.mark.parametrize("visibility", list(SEEN_BY))
def test_a_branch_shows_and_counts_what_one_may_see(serve, parent, cast, client_for, visibility):
    serve(visibility=visibility)
    for name in sorted(EVERYBODY):
        client, sees = client_for(getattr(cast, name)), name in SEEN_BY[visibility]
        page = client.get(reverse("okr:branch", args=[parent.pk])).content.decode()
        listed = client.get(reverse("api_served_by", args=[parent.pk])).json()["results"]
        assert ("Secret recipe" in page, len(listed)) == (sees, int(sees)), name


def test_the_branch_of_an_unseen_objective_does_not_exist(propose, agree, cast, client_for):
    private = agree(propose(content("Quiet", key_result(), visibility="private")))
    for name in ("colleague", "stranger"):
        client = client_for(getattr(cast, name))
        for address in ("okr:branch", "api_served_by"):
            assert client.get(reverse(address, args=[private.pk])).status_code == 404


def test_more_counts_only_what_one_may_see_and_the_next_page_has_it(serve, parent, cast, client_for):
    serve(16)
    serve(2, "Hidden", visibility="private")
    address = reverse("okr:branch", args=[parent.pk])
    colleague, manager = client_for(cast.colleague), client_for(cast.manager)
    assert "1 more" in colleague.get(address).content.decode()
    assert "3 more" in manager.get(address).content.decode()
    rest = colleague.get(address + "?from=15").content.decode()
    assert "Secret recipe 15" in rest
    assert "Hidden" not in rest
    assert " more" not in rest


def test_a_branch_takes_the_same_queries_for_one_and_for_many(serve, parent, cast, client_for):
    client, address = client_for(cast.manager), reverse("okr:branch", args=[parent.pk])

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as taken:
            assert client.get(address).status_code == 200
        return len(taken)

    serve()
    queries()
    one = queries()
    with tenancy.acting_for(cast.organisation):
        serve(6, "Another")
    assert queries() == one
