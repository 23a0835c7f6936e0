"""What an export holds: columns, and lines read in bounded chunks in a stable order.

Scores are read as of the moment the export was asked for. They are never changed, only followed by newer ones,
so a second attempt after a killed worker writes the same file.
"""

import datetime
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from django.db.models import F, Func, JSONField, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from performance.appraisals import rules
from performance.appraisals.models import Band, CycleEntry, Export, ExportState
from performance.appraisals.queries import entries as entry_queries
from performance.appraisals.queries import results
from performance.foundation import access, i18n
from performance.scoring import queries as scoring_queries
from performance.scoring.models import Score

Kind = Literal["text", "number", "percent", "integer", "moment"]
MICRO = Decimal(1_000_000)


@dataclass(frozen=True)
class Line:
    """One entry with its score and the rating that it suggested at the export's moment."""

    entry: Any
    score: Score | None
    rating: int | None
    rating_name: str

    @property
    def result(self) -> int | None:
        return self.entry.result_rating or self.rating

    @property
    def version_ids(self) -> list[uuid.UUID]:
        """Every policy version the score rests on."""
        return [uuid.UUID(version) for version in getattr(self.score, "versions", None) or ()]


@dataclass(frozen=True)
class Column:
    """One column: its heading, the type of its cells, and how to read one. `width` in characters."""

    key: str
    label: Any
    kind: Kind
    width: int
    value: Callable[[Line], Any]


def _micro(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / MICRO


def _of_score(field: str) -> Callable[[Line], Any]:
    return lambda line: getattr(line.score, field) if line.score else None


def _local(record: Any) -> str:
    return i18n.local(record, "name") if record else ""


def _source(line: Line) -> str:
    suggested = results.SUGGESTED if line.rating else ""
    source = line.entry.result_source or suggested
    return str(results.LABELS[source]) if source else ""


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("number", _("Employee number"), "text", 16, lambda line: line.entry.number),
        Column("name_en", _("Name"), "text", 24, lambda line: line.entry.person.name_en),
        Column("name_zh", _("Chinese name"), "text", 14, lambda line: line.entry.person.name_zh),
        Column("title", _("Title"), "text", 24, lambda line: line.entry.person.title),
        Column("unit", _("Business unit"), "text", 22, lambda line: _local(line.entry.unit)),
        Column("team", _("Team"), "text", 22, lambda line: _local(line.entry.team)),
        Column(
            "manager_number",
            _("Manager’s number"),
            "text",
            16,
            lambda line: line.entry.manager.number if line.entry.manager else "",
        ),
        Column("manager", _("Manager"), "text", 24, lambda line: _local(line.entry.manager)),
        Column("state", _("State"), "text", 14, lambda line: str(line.entry.get_state_display())),
        Column("score", _("Score"), "number", 10, lambda line: _micro(_of_score("score_micro")(line))),
        Column(
            "constant_score",
            _("Score at constant weights"),
            "number",
            16,
            lambda line: _micro(_of_score("constant_micro")(line)),
        ),
        Column(
            "weight_effect",
            _("Effect of weights"),
            "number",
            12,
            lambda line: _micro(_of_score("from_weights_micro")(line)),
        ),
        Column(
            "coverage",
            _("Data coverage"),
            "percent",
            12,
            lambda line: _micro(_of_score("coverage_ppm")(line)),
        ),
        Column(
            "score_state",
            _("State of the score"),
            "text",
            14,
            lambda line: str(line.score.get_state_display()) if line.score else "",
        ),
        Column("rating", _("Suggested rating"), "integer", 12, lambda line: line.rating),
        Column("rating_name", _("Suggested rating in words"), "text", 18, lambda line: line.rating_name),
        Column(
            "result",
            _("Result"),
            "integer",
            10,
            lambda line: line.result,
        ),
        Column(
            "result_source",
            _("Where the result comes from"),
            "text",
            22,
            lambda line: _source(line),
        ),
        Column(
            "policy",
            _("Weight policy"),
            "text",
            24,
            lambda line: _local(line.score.version.policy) if line.score else "",
        ),
        Column(
            "policy_version",
            _("Policy version"),
            "integer",
            10,
            lambda line: line.score.version.number if line.score else None,
        ),
        Column("computed_at", _("Computed at"), "moment", 18, _of_score("computed_at")),
        Column(
            "score_id", _("Score’s key"), "text", 38, lambda line: str(line.score.pk) if line.score else ""
        ),
        Column("name", _("Name in the file’s language"), "text", 24, lambda line: _local(line.entry.person)),
        Column("period", _("Period"), "text", 18, lambda line: _local(line.entry.cycle.period)),
        Column("reason", _("Reason for the exception"), "text", 32, lambda line: line.entry.reason),
    )
}
DEFAULT_COLUMNS = tuple(key for key in COLUMNS if key not in ("name", "period", "score_id", "reason"))


def columns_of(export: Export) -> list[Column]:
    """In the order of the request, under the headings that were asked for."""
    return [
        replace(COLUMNS[key], label=export.headings.get(key) or COLUMNS[key].label) for key in export.columns
    ]


def exports_visible_to(actor: access.Actor) -> QuerySet[Export]:
    exports = Export.objects.select_related("cycle__period", "requested_by")
    return exports if rules.can_see_exports(actor) else exports.none()


def exports_of(actor: access.Actor, cycle_id: uuid.UUID) -> list[Export]:
    """The latest of a cycle."""
    return list(exports_visible_to(actor).filter(cycle=cycle_id).order_by("-id")[:6])


def open_exports(at: datetime.datetime) -> QuerySet[Export]:
    """Exports that nobody works on although somebody should."""
    lost = Q(state=ExportState.RUNNING, held_until__lt=at)
    return Export.objects.filter(Q(state=ExportState.WAITING) | lost).order_by("requested_at")


def entries_to_export(export: Export) -> QuerySet[CycleEntry]:
    """The entries an export goes through, by employee number; those its filter leaves out for their score included."""
    filters = entry_queries.Filters.from_mapping(export.filters)
    entries = entry_queries.of_state(CycleEntry.objects.filter(cycle=export.cycle_id), filters.show)
    return entry_queries.in_sections(entries, filters).order_by("number", "pk")


def lines_after(
    export: Export, bands: Sequence[Band], last: CycleEntry | None, limit: int
) -> tuple[list[CycleEntry], list[Line]]:
    """The next `limit` entries after `last`, and the lines among them that the filter keeps. Two queries."""
    ahead = entries_to_export(export)
    if last is not None:
        # The first condition alone would do for the answer's rows but one; it is what the index can follow.
        ahead = ahead.filter(number__gte=last.number)
        ahead = ahead.filter(Q(number__gt=last.number) | Q(pk__gt=last.pk))
    ahead = results.with_results(ahead, at=export.requested_at)
    chunk = list(ahead.select_related("person", "manager", "unit", "team")[:limit])
    scores = _scores(export, chunk)
    filters = entry_queries.Filters.from_mapping(export.filters)
    names = {band.rating: str(band) for band in bands}
    lines = []
    for entry in chunk:
        score = scores.get(entry.person_id)
        rating = entry_queries.rating_from(bands, score.score_micro) if score else None
        entry.cycle = export.cycle
        line = Line(entry, score, rating, names.get(rating, "") if rating else "")
        if _keeps(filters, line):
            lines.append(line)
    return chunk, lines


def _scores(export: Export, entries: Sequence[CycleEntry]) -> dict[uuid.UUID, Score]:
    """person → the score that counted when the export was asked for."""
    signed_off_at = export.cycle.signed_off_at
    if signed_off_at and signed_off_at <= export.requested_at:
        found: Iterable[Score] = _light().filter(
            pk__in=[entry.score_id for entry in entries if entry.score_id]
        )
    else:
        found = (
            _light()
            .filter(
                period=export.cycle.period_id,
                person_id__in=[entry.person_id for entry in entries],
                computed_at__lte=export.requested_at,
            )
            .order_by("person_id", "-computed_at", "-pk")
            .distinct("person_id")
        )
    return {score.person_id: score for score in found}


def _light() -> QuerySet[Score]:
    """Scores without the bulk of their evidence, with the `versions` they rest on."""
    versions = Func(
        F("basis__content"),
        Value("$.segments[*].version"),
        function="jsonb_path_query_array",
        template="%(function)s(%(expressions)s)",
        output_field=JSONField(),
    )
    return (
        scoring_queries.bare_scores()
        .select_related("version__policy")
        .defer("version__plan")
        .annotate(versions=versions)
    )


def _keeps(filters: entry_queries.Filters, line: Line) -> bool:
    micro = line.score.score_micro if line.score else None
    if filters.rating == entry_queries.UNRATED and line.rating:
        return False
    if filters.rating and filters.rating != entry_queries.UNRATED and filters.rating != str(line.result):
        return False
    if filters.show == "unscored":
        return micro is None
    if filters.show == "partial":
        return micro is not None and line.score is not None and line.score.coverage_ppm < entry_queries.WHOLE
    if filters.show == "provisional":
        return micro is not None and line.score is not None and not line.score.is_frozen
    return True
