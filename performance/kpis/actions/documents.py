"""A document of definitions becomes drafts. Nothing in it counts before two people have signed it."""

import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.kpis import documents, semantics
from performance.kpis.actions import drafting
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.queries import months
from performance.people import queries as people
from performance.people.models import Person
from performance.sources import queries as sources


def check_document(
    *,
    document: str,
    by: access.Actor,
    at: datetime.datetime,
    business_owner: Person | None = None,
    finance_owner: Person | None = None,
) -> list[drafting.Outcome]:
    """What import_definitions would do; nothing is kept of it. Raises DocumentRefused."""
    entries = documents.read(document)
    owners = drafting.Owners(business_owner, finance_owner)
    return drafting.dry_run(entries, _maker(by, at), owners=owners, by=by, at=at)


def import_definitions(
    *,
    document: str,
    by: access.Actor,
    at: datetime.datetime,
    business_owner: Person | None = None,
    finance_owner: Person | None = None,
) -> list[drafting.Outcome]:
    """New and changed metrics as drafts, inputs before what is computed from them: all, or none.

    The owners are those of new metrics. Raises DocumentRefused, ImportRefused (with every outcome).
    """
    entries = documents.read(document)
    owners = drafting.Owners(business_owner, finance_owner)
    with transaction.atomic():
        outcomes = drafting.draft_all(entries, _maker(by, at), owners=owners, by=by, at=at)
        new, changed = (drafting.keys_of(outcomes, state) for state in ("new", "changed"))
        if new or changed:
            audit.record(
                by=by,
                action="kpis.import_definitions",
                subject=by.organisation,
                at=at,
                changes={"new": new, "changed": changed},
            )
    return outcomes


def _maker(by: access.Actor, at: datetime.datetime) -> drafting.Maker:
    """Datasets by their key, as people see them in the document."""
    known = {dataset.key: dataset for dataset in sources.datasets_for_metrics()}
    day = months.first_of(people.day_at(by.organisation, at))

    def made(entry: documents.Entry) -> semantics.Definition:
        key = entry.text("dataset")
        if key and key not in known:
            message = _("There is no dataset “%(name)s” with rows here.") % {"name": key}
            raise MetricRefused(message, code="dataset", field="dataset")
        return entry.definition(dataset=known.get(key), day=day)

    return made
