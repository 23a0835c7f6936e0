"""Objectives as rows of a table: one for each key result, with its last value."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from okr.models import KeyResult, Objective, OkrPolicy, contents
from okr.queries import objectives as reads
from okr.queries.policies import policies_behind
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.people import queries as people

CHUNK = 500
# Name in the API and the audit log, label, and whether it holds a number.
COLUMNS: tuple[tuple[str, Any, bool], ...] = (
    ("period", _("Period"), False),
    ("owner_number", _("Owner’s number"), False),
    ("owner", _("Owner"), False),
    ("team", _("Team"), False),
    ("objective", _("Objective"), False),
    ("description", _("Why it matters now"), False),
    ("type", _("Type"), False),
    ("state", _("State"), False),
    ("visibility", _("Visible to"), False),
    ("progress", _("Progress %"), True),
    ("key_result", _("Key result"), False),
    ("kind", pgettext_lazy("key result", "Kind"), False),
    ("weight", _("Weight %"), True),
    ("unit", _("Unit"), False),
    ("start", pgettext_lazy("key result", "Start"), True),
    ("target", _("Target"), True),
    ("current", _("Last value"), True),
    ("key_result_progress", _("Key result’s progress %"), True),
    ("confidence", _("Confidence"), True),
    ("owned_by", _("Owned by"), False),
    ("objective_weight", _("Objective’s weight"), True),
    ("key_result_owner", _("Key result’s owner"), False),
    ("commit", _("At least"), True),
    ("stretch", _("Stretch"), True),
    ("lower", _("Lower edge"), True),
    ("upper", _("Upper edge"), True),
    ("tolerance", _("Tolerance"), True),
    ("milestones", _("Milestones"), False),
    ("metric", _("Metric"), False),
    ("slice", _("Part of the business"), False),
    ("checkpoints", _("Checkpoints"), False),
    ("policy_version", pgettext_lazy("goals", "Policy version"), True),
    # What only the import and the API read comes after what people do.
    ("objective_id", _("Objective ID"), False),
    ("key_result_id", _("Key result ID"), False),
)


def policies_of(objectives: QuerySet[Objective]) -> list[OkrPolicy]:
    """The policies that count the progress of these, by period; one query more for the periods."""
    among = objectives.order_by().values("period_id")
    return policies_behind(people.periods().filter(pk__in=among))


def table_of(objectives: QuerySet[Objective], policies: Iterable[OkrPolicy]) -> Iterator[list[Any]]:
    """The rows in bounded memory; an objective without key results stands in one row. `policies`: of their periods."""
    numbers = {policy.period_id: policy.number for policy in policies}
    for one in reads.with_key_results(objectives).iterator(chunk_size=CHUNK):
        key_results: list[KeyResult | None] = [*one.key_results.all()]
        for key_result in key_results or [None]:
            ids = [str(one.pk), "" if key_result is None else str(key_result.pk)]
            yield [*_row(one, key_result), numbers[one.period_id], *ids]


def _row(one: Objective, key_result: KeyResult | None) -> list[Any]:
    told = [
        i18n.local(one.period, "name"),
        one.owner.number,
        formats.person_name(one.owner),
        i18n.local(one.team, "name") if one.team else "",
        one.title,
        one.description,
        one.get_type_display(),
        str(one.shown_state.label),
        one.get_visibility_display(),
        _percent(one.progress_micro),
    ]
    whole = [one.get_owner_kind_display(), one.weight]
    if key_result is None:
        none = [""] * 2, [None, "", *[None] * 5], whole, ["", *[None] * 5, "", "", "", ""]
        return [*told, *(cell for part in none for cell in part)]
    return [
        *told,
        key_result.title,
        key_result.get_kind_display(),
        Decimal(key_result.weight_ppm) / 10000,
        key_result.currency or key_result.unit,
        key_result.start,
        key_result.target,
        key_result.current,
        _percent(key_result.progress_micro),
        key_result.confidence,
        *whole,
        key_result.owner.number,
        *(getattr(key_result, name) for name in ("commit", "stretch", "lower", "upper", "tolerance")),
        "\n".join(each.title for each in key_result.milestones.all()),
        key_result.metric_key,
        contents.slice_text(key_result.slice),
        contents.checkpoints_text(contents.checkpoints_from(key_result.checkpoints)),
    ]


def _percent(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / 1_000_000
