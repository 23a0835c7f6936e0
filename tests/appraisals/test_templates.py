"""Templates: weights of exactly 100 percent, versions that stay, cycles that keep theirs."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, TemplateVersion
from performance.foundation import access, tenancy
from performance.people import models as people
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Actor = Callable[[people.Person], access.Actor]


@pytest.fixture(autouse=True)
def here(cast: Cast) -> object:
    with tenancy.acting_for(cast.organisation):
        yield


def test_weights_must_come_to_exactly_a_hundred(cast: Cast, actor: Actor) -> None:
    hr, at = actor(cast.hr), timezone.now()
    draft = actions.start_template(name_en="Thirds", name_zh="", by=hr, at=at)
    third = [replace(section, weight=Decimal("33.3333")) for section in actions.USUAL]
    actions.save_sections(version=draft, sections=third, by=hr, at=at)
    with pytest.raises(actions.TemplateRefused, match=r"99\.9999"):
        actions.publish_version(version=draft, note="", by=hr, at=at)
    exact = [*third[:2], replace(third[2], weight=Decimal("33.3334"))]
    actions.save_sections(version=draft, sections=exact, by=hr, at=at)
    assert not actions.publish_version(version=draft, note="", by=hr, at=at).is_draft


def test_an_edited_template_changes_no_cycle_that_is_open(
    cast: Cast, template: TemplateVersion, reviewed: Cycle, actor: Actor
) -> None:
    hr, at = actor(cast.hr), timezone.now()
    draft = actions.revise_template(template=template.template, by=hr, at=at)
    assert (draft.number, draft.is_draft) == (2, True)
    assert actions.revise_template(template=template.template, by=hr, at=at).pk == draft.pk
    only = replace(actions.USUAL[0], name_en="All in one", weight=Decimal(100))
    actions.save_sections(version=draft, sections=[only], by=hr, at=at)
    with pytest.raises(actions.TemplateRefused):
        actions.publish_version(version=draft, note="", by=hr, at=at)
    actions.publish_version(version=draft, note="Simpler", by=hr, at=at)
    assert [str(section) for section in queries.sections_of(reviewed)] == ["Results", "How we work", "Growth"]
    assert [version.pk for version in queries.published_versions()] == [draft.pk]
    with pytest.raises(actions.TemplateRefused):
        actions.save_sections(version=template, sections=[only], by=hr, at=at)


@pytest.mark.parametrize("name", ["employee", "manager", "administrator", "auditor"])
def test_only_hr_writes_templates(cast: Cast, actor: Actor, name: str) -> None:
    with pytest.raises(PermissionDenied):
        actions.start_template(name_en="Mine", name_zh="", by=actor(getattr(cast, name)), at=timezone.now())
