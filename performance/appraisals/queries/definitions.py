"""What the numbers of an export mean: policies, their components with curves and weights, and the export itself."""

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from performance.appraisals.models import Band, Export
from performance.appraisals.queries import entries as entry_queries
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis import queries as kpis
from performance.kpis.models import Metric, MetricVersion
from performance.people import models as people
from performance.scoring.models import Category, Missing, PolicyVersion, SourceKind, Stage


@dataclass(frozen=True)
class Definition:
    """One component of one policy version. Weights in ppm."""

    policy: str
    version: int
    in_force_from: datetime.date | None
    stage: str
    missing: str
    component: str
    category: str
    source: str
    formula: str
    definition_version: int | None
    curve: str
    base_ppm: int
    effective_ppm: int


@dataclass(frozen=True)
class Note:
    """One line about the export."""

    label: str
    value: Any


def definitions(version_ids: Iterable[uuid.UUID], on: datetime.date) -> list[Definition]:
    """Every component of these policy versions, with the metric definitions in force on that day. Four queries."""
    versions = PolicyVersion.objects.filter(pk__in=list(version_ids)).select_related("policy")
    ordered = sorted(versions, key=lambda version: (version.policy.name_en, version.number))
    keys = {
        item["source_ref"] for version in ordered for item in version.planned if item["source_kind"] == "kpi"
    }
    metrics = {metric.key: metric for metric in Metric.objects.filter(key__in=keys)}
    in_force = kpis.versions_in_force(on, [metric.pk for metric in metrics.values()])
    return [_definition(version, item, metrics, in_force) for version in ordered for item in version.planned]


def _definition(
    version: PolicyVersion,
    item: Mapping[str, Any],
    metrics: Mapping[str, Metric],
    in_force: Mapping[uuid.UUID, MetricVersion],
) -> Definition:
    metric = metrics.get(item["source_ref"]) if item["source_kind"] == "kpi" else None
    defined = in_force.get(metric.pk) if metric else None
    plan = version.plan or {}
    return Definition(
        policy=str(version.policy),
        version=version.number,
        in_force_from=version.effective_on,
        stage=str(Stage(plan["stage"]).label),
        missing=str(Missing(plan["missing"]).label),
        component=item["name_zh"] if i18n.is_chinese() and item["name_zh"] else item["name_en"],
        category=str(Category(item["category"]).label),
        source=str(metric) if metric else item["source_ref"] or str(SourceKind(item["source_kind"]).label),
        formula=formula_of(defined) if defined else "",
        definition_version=defined.number if defined else None,
        curve=curve_in_words(item["curve"]),
        base_ppm=item["base_ppm"],
        effective_ppm=item["effective_ppm"],
    )


def formula_of(version: MetricVersion) -> str:
    """The definition in one line: the formula, or what is aggregated from which rows."""
    if not version.is_base:
        return version.formula
    aggregated = f"{version.aggregation}({version.expression})"
    parts = [_("%(what)s from %(rows)s") % {"what": aggregated, "rows": version.dataset}]
    if version.time_column:
        parts.append(_("date that counts: %(column)s") % {"column": version.time_column})
    parts += [
        " ".join(str(condition.get(part, "")) for part in ("column", "op", "value")).strip()
        for condition in version.filters
    ]
    return "; ".join(parts)


def curve_in_words(curve: Mapping[str, Any]) -> str:
    """How a value becomes a score, with its bounds as the policy states them."""
    kind = curve.get("kind")
    if kind == "linear":
        words = _("0 at %(floor)s, 100 at %(target)s") % {"floor": curve["floor"], "target": curve["target"]}
        if "stretch" in curve:
            reached = {"cap": curve.get("cap", "120"), "stretch": curve["stretch"]}
            words += ", " + _("%(cap)s at %(stretch)s") % reached
        return words
    if kind == "within":
        words = _("100 from %(lower)s to %(upper)s") % {"lower": curve["lower"], "upper": curve["upper"]}
        if "tolerance" in curve:
            words += ", " + _("0 at %(tolerance)s outside") % {"tolerance": curve["tolerance"]}
        return words
    if kind == "steps":
        return ", ".join(
            _("%(score)s from %(bound)s") % {"score": step["score"], "bound": step["from"]}
            for step in curve["steps"]
        )
    if kind == "bands":
        return ", ".join(
            _("%(score)s below %(bound)s") % {"score": band["score"], "bound": band["up_to"]}
            if "up_to" in band
            else _("otherwise %(score)s") % {"score": band["score"]}
            for band in curve["bands"]
        )
    return _("the value is the score, 0 to %(cap)s") % {"cap": curve.get("cap", "100")}


def about(export: Export, bands: Sequence[Band], columns: Iterable[Any], rows: int) -> list[Note]:
    """Who asked for what, when, and how to read it."""
    cycle = export.cycle
    notes = [
        Note(_("Organisation"), str(export.organisation)),
        Note(_("Appraisal cycle"), str(cycle)),
        Note(_("Period"), str(cycle.period)),
        Note(_("First day"), cycle.period.starts_on),
        Note(_("Last day"), cycle.period.ends_on),
        Note(_("State of the cycle"), str(cycle.get_state_display())),
    ]
    if cycle.signed_off_by and cycle.signed_off_at:
        notes += [
            Note(_("Signed off by"), str(cycle.signed_off_by)),
            Note(_("Signed off at"), cycle.signed_off_at),
        ]
    requested = f"{export.requested_by} ({export.requested_by.number})"
    notes += [
        Note(_("Exported by"), requested),
        Note(_("Asked for at"), export.requested_at),
        Note(_("Numbers as of"), export.requested_at),
    ]
    notes += filter_in_words(export.filters) or [Note(_("Filter"), _("Everybody who is not left out"))]
    notes += [
        Note(_("Columns"), ", ".join(str(column.label) for column in columns)),
        Note(_("People"), rows),
    ]
    for band in bands:
        words = _("Suggested rating %(rating)s, %(name)s") % {"rating": band.rating, "name": band}
        notes.append(Note(words, bound_in_words(band)))
    return [
        *notes,
        Note(
            _("Text"),
            _("Text that a spreadsheet would take for a formula begins with an apostrophe."),
        ),
    ]


def bound_in_words(band: Band) -> str:
    if band.from_micro is None:
        return _("below all others")
    return _("score of %(bound)s or more, unrounded") % {
        "bound": formats.number(Decimal(band.from_micro).scaleb(-6), None)
    }


def filter_in_words(kept: Mapping[str, str]) -> list[Note]:
    """One note for each part of a filter, with names instead of keys. At most two queries."""
    filters = entry_queries.Filters.from_mapping(kept)
    notes = []
    if filters.words:
        notes.append(Note(_("Search"), filters.words))
    if filters.unit_id:
        unit = people.BusinessUnit.objects.filter(pk=filters.unit_id).first()
        notes.append(Note(_("Business unit"), str(unit or filters.unit_id)))
    if filters.team_id:
        team = people.Team.objects.filter(pk=filters.team_id).first()
        notes.append(Note(_("Team"), str(team or filters.team_id)))
    if filters.rating:
        if filters.rating == entry_queries.UNRATED:
            notes.append(Note(_("Suggested rating"), _("none")))
        else:
            notes.append(Note(_("Rating"), int(filters.rating)))
    if filters.show and filters.show != "all":
        notes.append(Note(_("Shown"), str(entry_queries.SHOWN[filters.show])))
    return notes
