"""Whether a text can be proposed: its own rules, and that what it names is there."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from okr import rules
from okr.models import Content
from okr.models.objectives import KeyResultKind
from performance.foundation import access
from performance.kpis import queries as kpis
from performance.people import queries as people


@dataclass(frozen=True)
class Flaw:
    """Why a text cannot be proposed. `path` as of `rules.Problem`."""

    code: str
    path: str
    message: Any


@dataclass(frozen=True)
class Named:
    """What texts name, as far as it is here: owners who are here today and write; certified metrics, by key, with the way
    they lead and their id. `sight` says which parts of them are open; without one nobody is asked."""

    owners: set[uuid.UUID]
    metrics: Mapping[str, tuple[str, uuid.UUID]] = field(default_factory=dict)
    sight: Any = None


def flaws_of(
    texts: Sequence[tuple[Content, Content | None]], *, period: Any, by: access.Actor
) -> list[list[Flaw]]:
    """Of each text, beside the one that stood before it, what keeps it from being proposed in this period; nothing where
    it is sound. Two queries at most, for any number of texts, and those of the sight of `by`: nobody newly binds a key
    result to a part whose figures are closed to them, since a key result shows them to its readers. Bindings and
    owners of the text before may stay."""
    own = [
        [Flaw("unsound", each.path, each.message) for each in rules.problems_of(text, period)]
        for text, _before in texts
    ]
    # Whatever a text names is not worth asking for where the text itself is wrong.
    named = _named([text for (text, _before), wrong in zip(texts, own, strict=True) if not wrong], by)
    return [
        wrong or [*_closed_parts(text, before, named), *_unknown(text, before, named)]
        for (text, before), wrong in zip(texts, own, strict=True)
    ]


def _named(texts: Sequence[Content], by: access.Actor) -> Named:
    rows = [each for text in texts for each in text.key_results]
    owners = {each.owner_id for each in rows if each.owner_id is not None}
    known = set()
    if owners:
        writers = people.people_who_write(people.today(by.organisation))
        known = set(writers.filter(pk__in=owners).values_list("pk", flat=True))
    keys = {each.metric_key for each in rows if each.kind == KeyResultKind.KPI}
    if not keys:
        return Named(known)
    found = kpis.certified_metrics().filter(key__in=keys).values_list("key", "direction", "pk")
    metrics = {key: (direction, pk) for key, direction, pk in found}
    return Named(known, metrics, kpis.sight_of(by))


def _closed_parts(text: Content, before: Content | None, named: Named) -> Iterator[Flaw]:
    if named.sight is None:
        return
    kept = [(each.metric_key, dict(each.slice)) for each in before.key_results] if before else []
    for place, each in enumerate(text.key_results):
        if each.metric_key not in named.metrics or (each.metric_key, dict(each.slice)) in kept:
            continue
        if not named.sight.opens(named.metrics[each.metric_key][1], each.slice):
            told = _("This part lies outside your branch: its figures are closed to you.")
            yield Flaw("closed_part", f"{place}.slice", told)


def _unknown(text: Content, before: Content | None, named: Named) -> Iterator[Flaw]:
    """Owners are here and write, or stood there before; and metrics are certified and lead the right way."""
    standing = {each.owner_id for each in before.key_results} if before else set()
    for place, each in enumerate(text.key_results):
        if each.owner_id is not None and each.owner_id not in named.owners | standing:
            yield Flaw("no_person", f"{place}.owner", _("This person is not here."))
        if each.kind != KeyResultKind.KPI:
            continue
        if each.metric_key not in named.metrics:
            yield Flaw("not_certified", f"{place}.metric_key", _("This metric is not certified."))
        elif rules.leads_the_wrong_way(each, named.metrics[each.metric_key][0]):
            told = _(
                "The target lies on the wrong side of the start: see which way is better for this metric."
            )
            yield Flaw("direction", f"{place}.target", told)
