"""Whether a text can be proposed: its own rules, and that what it names is there."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from okr import rules
from okr.actions.refusals import ObjectiveRefused
from okr.models import Content
from okr.models.objectives import KeyResultKind
from performance.foundation import access
from performance.kpis import queries as kpis
from performance.people import queries as people


def require_sound(*texts: Content, period: Any, by: access.Actor, standing: Content | None = None) -> None:
    """Refuses the first problem of any in this period. Two queries at most, for any number of texts, and those of the
    sight of `by`: nobody newly binds a key result to a part whose figures are closed to them, since a key result shows
    them to its readers. `standing`: the text of before, whose bindings and owners may stay."""
    for content in texts:
        for problem in rules.problems_of(content, period):
            raise ObjectiveRefused(problem.message, code="unsound", field=problem.path)
    rows = [each for content in texts for each in content.key_results]
    owners = {each.owner_id for each in rows if each.owner_id is not None}
    standing_owners = {each.owner_id for each in standing.key_results} if standing else set()
    known = owners & standing_owners
    if owners - known:
        writers = people.people_who_write(people.today(by.organisation))
        known |= set(writers.filter(pk__in=owners).values_list("pk", flat=True))
    metrics = {each.metric_key for each in rows if each.kind == KeyResultKind.KPI}
    directions: dict[str, str] = {}
    if metrics:
        found = kpis.certified_metrics().filter(key__in=metrics)
        told = {key: (direction, pk) for key, direction, pk in found.values_list("key", "direction", "pk")}
        directions = {key: direction for key, (direction, _pk) in told.items()}
        _require_open(texts, {key: pk for key, (_way, pk) in told.items()}, by, standing)
    for content in texts:
        _require_known(content, known, directions)


def _require_open(
    texts: Sequence[Content], ids: Mapping[str, uuid.UUID], by: access.Actor, standing: Content | None
) -> None:
    sight = kpis.sight_of(by)
    kept = [(each.metric_key, dict(each.slice)) for each in standing.key_results] if standing else []
    for content in texts:
        for place, each in enumerate(content.key_results):
            if each.metric_key not in ids or (each.metric_key, dict(each.slice)) in kept:
                continue
            if not sight.opens(ids[each.metric_key], each.slice):
                raise ObjectiveRefused(
                    _("This part lies outside your branch: its figures are closed to you."),
                    code="closed_part",
                    field=f"{place}.slice",
                )


def _require_known(content: Content, known: set[uuid.UUID], directions: Mapping[str, str]) -> None:
    """Owners are here and write, and metrics are certified and lead the right way."""
    for place, each in enumerate(content.key_results):
        if each.owner_id is not None and each.owner_id not in known:
            raise ObjectiveRefused(_("This person is not here."), code="no_person", field=f"{place}.owner")
        if each.kind != KeyResultKind.KPI:
            continue
        if each.metric_key not in directions:
            raise ObjectiveRefused(
                _("This metric is not certified."), code="not_certified", field=f"{place}.metric_key"
            )
        if rules.leads_the_wrong_way(each, directions[each.metric_key]):
            raise ObjectiveRefused(
                _("The target lies on the wrong side of the start: see which way is better for this metric."),
                code="direction",
                field=f"{place}.target",
            )
