"""A ready pack becomes drafts over one's own data."""

import datetime
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.kpis import documents, packs, queries, semantics
from performance.kpis.actions import drafting
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Dimension
from performance.kpis.queries import months
from performance.people import queries as people
from performance.people.models import Person


def check_pack(
    *,
    pack: packs.Pack,
    mapped: packs.Mapped,
    by: access.Actor,
    at: datetime.datetime,
    business_owner: Person | None = None,
    finance_owner: Person | None = None,
    without: Collection[str] = (),
) -> list[drafting.Outcome]:
    """What draft_pack would do; nothing is kept of it."""
    entries = packs.entries(pack, mapped, _chosen(pack, mapped, without))
    owners = drafting.Owners(business_owner, finance_owner)
    maker = _maker(mapped, by, at)
    return drafting.dry_run(entries, maker, owners=owners, by=by, at=at, is_only_new=True)


def draft_pack(
    *,
    pack: packs.Pack,
    mapped: packs.Mapped,
    by: access.Actor,
    at: datetime.datetime,
    business_owner: Person | None = None,
    finance_owner: Person | None = None,
    without: Collection[str] = (),
) -> list[drafting.Outcome]:
    """Drafts of what the chosen columns make possible; what is there already stays as it is. All, or none.

    `without`: keys that are not wanted. Raises MetricRefused ("nothing_possible") and ImportRefused.
    """
    entries = packs.entries(pack, mapped, _chosen(pack, mapped, without))
    owners = drafting.Owners(business_owner, finance_owner)
    with transaction.atomic():
        _name_dimensions(pack, mapped)
        outcomes = drafting.draft_all(
            entries, _maker(mapped, by, at), owners=owners, by=by, at=at, is_only_new=True
        )
        changes = {"pack": pack.key, "new": drafting.keys_of(outcomes, "new")}
        audit.record(by=by, action="kpis.draft_pack", subject=by.organisation, at=at, changes=changes)
    return outcomes


def _chosen(pack: packs.Pack, mapped: packs.Mapped, without: Collection[str]) -> list[packs.PackMetric]:
    """What is new, and what of it is there already, to be told of."""
    found = packs.possible(pack, mapped, queries.keys_there())
    if not any(one.is_new and one.metric.key not in without for one in found):
        message = _("Nothing new is possible with these columns. Choose a dataset and its columns.")
        raise MetricRefused(message, code="nothing_possible")
    return [one.metric for one in found if one.is_there or (one.is_new and one.metric.key not in without)]


def _maker(mapped: packs.Mapped, by: access.Actor, at: datetime.datetime) -> drafting.Maker:
    datasets = {chosen.dataset.key: chosen.dataset for chosen in mapped.values()}
    day = months.first_of(people.day_at(by.organisation, at))

    def made(entry: documents.Entry) -> semantics.Definition:
        return entry.definition(dataset=datasets.get(entry.text("dataset")), day=day)

    return made


def _name_dimensions(pack: packs.Pack, mapped: packs.Mapped) -> None:
    """A dimension that is new has the name that the pack gives it; one that is there keeps its own."""
    for table_key, chosen in mapped.items():
        for column in pack.table(table_key).dimensions:
            if column.key in chosen.columns:
                Dimension.objects.get_or_create(
                    key=column.dimension, defaults={"name_en": column.name_en, "name_zh": column.name_zh}
                )
