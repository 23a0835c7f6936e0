"""Finding a retrospective by what was noted."""

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models as people


@pytest.mark.parametrize("words", ["retrospective", "复盘 calendar", "ORDER calendar"])
def test_the_palette_finds_a_retrospective_by_what_was_noted_for_those_who_may_read_it(
    words, note, cast, client_for
):
    note("The order calendar")
    with tenancy.acting_for(cast.organisation):
        elsewhere = people.Team.objects.create(name_en="Elsewhere", code="ELSE")
    for person in cast.members():
        client = client_for(person)
        found = client.get(reverse("search"), {"q": words}).content.decode()
        page = reverse("okr:retrospective", args=[cast.team.pk])
        opens = client.get(page).status_code == 200
        assert (f'href="{page}?period=' in found) == opens, person
        assert str(elsewhere.pk) not in found
    stranger = client_for(cast.stranger).get(reverse("search"), {"q": words}).content.decode()
    assert "retrospective/?period=" not in stranger


def test_a_retrospective_is_found_by_its_team_and_period_and_not_by_a_single_letter(note, cast, client_for):
    note("Calendars")
    page = f'href="{reverse("okr:retrospective", args=[cast.team.pk])}?period='

    def finds(words):
        return page in client_for(cast.manager).get(reverse("search"), {"q": words}).content.decode()

    assert finds(f"retro {cast.team.name_en}")
    assert not finds("retro xylophone")
    assert not finds("x")
