"""Values: computed again where something changed, frozen where finance has closed."""

import datetime
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, refusals, stale, tenancy
from performance.kpis import formulas, queries, semantics
from performance.kpis.actions.dimensions import refresh_labels
from performance.kpis.actions.readings import problem_behind
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import (
    Additivity,
    Grain,
    Metric,
    MetricVersion,
    MonthClose,
    Problem,
    VersionState,
)
from performance.kpis.queries import forecasts, live, months
from performance.kpis.queries.conversions import Newest, conversion_of, newest_numbers
from performance.people import queries as people
from performance.sources import queries as sources
from performance.sources.models import Dataset

logger = logging.getLogger(__name__)

Span = tuple[datetime.date, datetime.date]
#: Before and after every date that anybody will keep.
EVER = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)
NUMERIC_VALUE_OUT_OF_RANGE = "22003"


def refresh_values(
    *,
    at: datetime.datetime,
    by: access.Actor | None = None,
    metric_ids: Collection[uuid.UUID] | None = None,
) -> list[uuid.UUID]:
    """Computes the values of these metrics (all when None) and of what is computed from them, in that order.

    One statement for each version and grain, whatever the number of slices. Closed months keep their values. A metric
    that cannot be computed keeps the values that it had, says so (`Metric.problem`), and holds up no other. One whose
    rows stay at their source is computed from the last answer, and waits while the next one is awaited.
    Answers the metrics whose values changed, and marks them for scoring ("score_inputs"), for their forecasts and for
    alerts ("metric_watch").
    """
    with transaction.atomic():
        _one_at_a_time()
        refresh_labels()
        versions = _certified_versions()
        keys = {found[0].metric.key: metric_id for metric_id, found in versions.items()}
        sheets = queries.sheets_of(
            version.dataset for found in versions.values() for version in found if version.dataset
        )
        spans = queries.period_spans()
        ordered = _in_order(versions, keys, metric_ids)
        wanted = [version for metric_id in ordered for version in versions[metric_id]]
        unread = _unread(wanted)
        answers = live.answers(one.pk for one in wanted if one.dataset and one.dataset.is_live)
        rates = newest_numbers()
        changed: list[uuid.UUID] = []
        problems: dict[uuid.UUID, str] = {}
        for metric_id in ordered:
            try:
                with transaction.atomic():
                    moved, problem = _refresh_metric(
                        versions[metric_id], keys, sheets, unread, answers, spans, rates, at
                    )
            except DataError as error:
                logger.warning("%s cannot be computed: %s", versions[metric_id][0].metric.key, error)
                moved, problem = False, _problem_behind(error)
            changed += [metric_id] if moved else []
            problems[metric_id] = problem
        _note_problems(problems)
        stale.mark("score_inputs", changed, at=at)
        stale.mark(forecasts.STALE, changed, at=at)
        stale.mark("metric_watch", changed, at=at)
    return changed


def _problem_behind(error: DataError) -> str:
    overflows = getattr(error.__cause__, "sqlstate", "") == NUMERIC_VALUE_OUT_OF_RANGE
    return Problem.TOO_LARGE if overflows else Problem.FAILED


def _note_problems(problems: Mapping[uuid.UUID, str]) -> None:
    """What is as before is not written; one statement for each problem that came or went."""
    kept = dict(Metric.objects.filter(pk__in=list(problems)).values_list("pk", "problem"))
    moved: dict[str, list[uuid.UUID]] = {}
    for metric_id, before in kept.items():
        if problems[metric_id] != before:
            moved.setdefault(problems[metric_id], []).append(metric_id)
    for problem, found in moved.items():
        Metric.objects.filter(pk__in=found).update(problem=problem)


def _unread(versions: Iterable[MetricVersion]) -> frozenset[uuid.UUID]:
    """The datasets whose rows, or whose joined ones, are still to be read in the shape that they have now. Their tables
    keep this shape until we have ended; live ones have no table."""
    found = {version.dataset.pk: version.dataset for version in versions if version.dataset}
    datasets = sorted(found)
    read = {each: reading.datasets for each, reading in sources.readings(found.values()).items()}
    copied = sorted({each for key in datasets if not found[key].is_live for each in read[key]})
    if copied:
        with connection.cursor() as cursor:
            relations = ", ".join(sources.row_relation(dataset_id) for dataset_id in copied)
            cursor.execute(f"LOCK TABLE {relations} IN ACCESS SHARE MODE")
    waiting = set(
        Dataset.objects.filter(pk__in={*datasets, *copied}, loaded_at=None).values_list("pk", flat=True)
    )
    return frozenset(each for each in datasets if waiting.intersection(read[each]))


#: A year mistyped closes nothing.
MOST_YEARS = 10


def close_month(*, month: datetime.date, by: access.Actor, at: datetime.datetime) -> MonthClose:
    """Closes a month. Its values are computed once more and frozen by the next refresh, which is asked for here.

    Raises MetricRefused: month, not_over, too_old, not_settled, conflict.
    """
    with transaction.atomic():
        # The calendar stays what it is meanwhile.
        people.hold_organisation()
        _judge_month(month, people.day_at(by.organisation, at))
        try:
            with transaction.atomic():
                closed = MonthClose.objects.create(month=month, closed_by=by.person, closed_at=at)
        except IntegrityError as error:
            message = _("This month is closed already.")
            raise MetricRefused(message, code="conflict", field="month") from error
        stale.mark("metric_values", queries.datasets_read(), at=at)
        audit.record(by=by, action="kpis.close_month", subject=closed, at=at, changes={"month": month})
    return closed


def _judge_month(month: datetime.date, today: datetime.date) -> None:
    if month != months.first_of(month):
        raise MetricRefused(_("A month is named by its first day."), code="month", field="month")
    if months.last_of(month) >= today:
        raise MetricRefused(_("This month is not over yet."), code="not_over", field="month")
    if month.year < today.year - MOST_YEARS:
        raise MetricRefused(_("This month lies too far back."), code="too_old", field="month")
    settled_on = months.settled_on(month, queries.settling_days())
    if settled_on > today:
        words = {"day": settled_on.isoformat()}
        said = _("The data of this month may still move until %(day)s.") % words
        raise MetricRefused(said, code="not_settled", field="month")


def _one_at_a_time() -> None:
    """Two refreshes of one organisation follow each other; others are not held up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"kpis.refresh {tenancy.current_organisation_id()}"],
        )


def _certified_versions() -> dict[uuid.UUID, list[MetricVersion]]:
    """metric id → its certified versions in the order in which they come into force."""
    found: dict[uuid.UUID, list[MetricVersion]] = {}
    certified = MetricVersion.objects.filter(state=VersionState.CERTIFIED, metric__retired_at=None)
    for version in certified.select_related("metric", "dataset").order_by(
        "metric", "effective_from", "number"
    ):
        found.setdefault(version.metric_id, []).append(version)
    return found


def _in_order(
    versions: dict[uuid.UUID, list[MetricVersion]],
    keys: dict[str, uuid.UUID],
    asked: Collection[uuid.UUID] | None,
) -> list[uuid.UUID]:
    """The asked metrics and those computed from them, inputs always before what uses them."""
    inputs = {
        metric_id: {keys[key] for version in found for key in version.input_keys if key in keys}
        for metric_id, found in versions.items()
    }
    wanted = set(versions) if asked is None else set(asked) & set(versions)
    while True:
        users = {metric_id for metric_id, used in inputs.items() if used & wanted} - wanted
        if not users:
            break
        wanted |= users
    ordered: list[uuid.UUID] = []
    waiting = sorted(wanted)
    while waiting:
        ready = [metric_id for metric_id in waiting if not (inputs[metric_id] & set(waiting)) - {metric_id}]
        if not ready:
            # Versions that have been replaced may have named each other; values of either come first.
            ready = waiting[:1]
        ordered += ready
        waiting = [metric_id for metric_id in waiting if metric_id not in set(ready)]
    return ordered


def _refresh_metric(
    found: Sequence[MetricVersion],
    keys: dict[str, uuid.UUID],
    sheets: dict[uuid.UUID, semantics.Sheet],
    unread: Collection[uuid.UUID],
    answers: Mapping[uuid.UUID, live.Answer],
    spans: Sequence[Span],
    rates: Newest,
    at: datetime.datetime,
) -> tuple[bool, str]:
    """Whether a value changed, and why the newest version cannot be computed, if so. A version that cannot be
    computed keeps the values that it had."""
    changed, problem = False, ""
    for version, (since, until) in _ranges(found):
        problem = _problem_of(version, keys, sheets, unread)
        statements: Iterable[tuple[str, semantics.Statement]] = ()
        if not problem and version.dataset is not None and version.dataset.is_live:
            answer = answers.get(version.pk, live.NONE)
            problem = _problem_at_source(version, answer)
            if answer.reading_id and not answer.is_awaited:
                conversion = conversion_of(version, sheets[version.dataset.pk], rates)
                statements = _live_statements(version, answer.reading_id, spans, conversion)
        elif not problem:
            statements = _statements(version, keys, sheets, spans, rates)
        for grain, fresh in statements:
            store = semantics.store_values(
                fresh,
                organisation_id=tenancy.current_organisation_id(),
                metric_id=version.metric_id,
                version_id=version.pk,
                grain=grain,
                calendar=months.calendar(),
                since=since,
                until=until,
                at=at,
            )
            with connection.cursor() as cursor:
                cursor.execute(store.sql, store.params)
                added, superseded, is_too_many = cursor.fetchone()
            if is_too_many:
                problem = Problem.TOO_MANY
            changed = changed or bool(added or superseded)
    return changed, problem


def _problem_of(
    version: MetricVersion,
    keys: dict[str, uuid.UUID],
    sheets: dict[uuid.UUID, semantics.Sheet],
    unread: Collection[uuid.UUID],
) -> str:
    sheet = sheets.get(version.dataset_id) if version.dataset_id else None
    if sheet is None:
        is_there = all(key in keys for key in version.input_keys)
        return "" if is_there else Problem.GONE
    if version.dataset_id in unread:
        return Problem.READING
    try:
        semantics.check(version, sheet=sheet, inputs={})
    except refusals.Refused as refused:
        logger.warning("%s cannot be computed: %s", version, refused)
        return Problem.GONE
    return ""


def _problem_at_source(version: MetricVersion, answer: live.Answer) -> str:
    """What was said when the source was asked last; while it is being asked, what was said before."""
    if answer.newest is None:
        return Problem.READING
    if answer.is_awaited:
        return version.metric.problem or ("" if answer.reading_id else Problem.READING)
    return problem_behind(answer.failure) if answer.failure else ""


def _ranges(found: Sequence[MetricVersion]) -> Iterator[tuple[MetricVersion, Span]]:
    """Which days' periods each version answers for: the first one also for all that was before it."""
    starts = [EVER[0], *(months.first_of(version.effective_from) for version in found[1:])]
    ends = [*(start - datetime.timedelta(days=1) for start in starts[1:]), EVER[1]]
    for version, start, end in zip(found, starts, ends, strict=True):
        if start <= end:
            yield version, (start, end)


def _statements(
    version: MetricVersion,
    keys: dict[str, uuid.UUID],
    sheets: dict[uuid.UUID, semantics.Sheet],
    spans: Sequence[Span],
    rates: Newest,
) -> Iterator[tuple[str, semantics.Statement]]:
    """One statement for each grain."""
    sheet = sheets.get(version.dataset_id) if version.dataset_id else None
    conversion = conversion_of(version, sheet, rates) if sheet else None
    for grain in (Grain.MONTH, Grain.QUARTER, Grain.PERIOD):
        if grain == Grain.PERIOD and not spans:
            continue
        if sheet is not None:
            yield grain, _base_statement(version, sheet, grain, spans, conversion)
        else:
            yield grain, _formula_statement(version, keys, grain, spans)


#: The values of one grain, for these spans where the grain is the period, from rows or from what a source answered.
Fresh = Callable[[str, Sequence[Span]], semantics.Statement]


def _base_statement(
    version: MetricVersion,
    sheet: semantics.Sheet,
    grain: str,
    spans: Sequence[Span],
    conversion: semantics.Conversion | None,
) -> semantics.Statement:
    zone = version.dataset.time_zone if version.dataset else "UTC"

    def from_rows(grain: str, spans: Sequence[Span]) -> semantics.Statement:
        return semantics.base_values(
            version, sheet, zone, grain, calendar=months.calendar(), spans=spans, conversion=conversion
        )

    return _summed_or_fresh(version, from_rows, grain, spans)


def _live_statements(
    version: MetricVersion,
    reading_id: uuid.UUID,
    spans: Sequence[Span],
    conversion: semantics.Conversion | None,
) -> Iterator[tuple[str, semantics.Statement]]:
    def from_parts(grain: str, spans: Sequence[Span]) -> semantics.Statement:
        return semantics.live.parts_values(
            version,
            organisation_id=tenancy.current_organisation_id(),
            reading_id=reading_id,
            grain=grain,
            spans=spans if grain == Grain.PERIOD else None,
            conversion=conversion,
        )

    for grain in (Grain.MONTH, Grain.QUARTER, Grain.PERIOD):
        if spans or grain != Grain.PERIOD:
            yield grain, _summed_or_fresh(version, from_parts, grain, spans)


def _summed_or_fresh(
    version: MetricVersion, fresh: Fresh, grain: str, spans: Sequence[Span]
) -> semantics.Statement:
    """What adds up is summed from its months, so that closed months count as they were closed; everything else,
    and periods that cut through months, is computed from the rows."""
    adds_up = version.additivity == Additivity.ADDITIVE
    if grain == Grain.MONTH or not adds_up:
        return fresh(grain, spans)
    if grain == Grain.QUARTER:
        return _summed(version, None)
    whole = [span for span in spans if months.is_whole_months(*span)]
    cut = [span for span in spans if not months.is_whole_months(*span)]
    if not cut:
        return _summed(version, whole)
    found = fresh(grain, cut)
    return semantics.both(_summed(version, whole), found) if whole else found


def _summed(version: MetricVersion, spans: Sequence[Span] | None) -> semantics.Statement:
    return semantics.summed_months(
        organisation_id=tenancy.current_organisation_id(),
        metric_id=version.metric_id,
        calendar=months.calendar(),
        spans=spans,
        missing_policy=version.missing_policy,
    )


def _formula_statement(
    version: MetricVersion, keys: dict[str, uuid.UUID], grain: str, spans: Sequence[Span]
) -> semantics.Statement:
    if version.is_cumulative:
        return semantics.running_values(
            version,
            organisation_id=tenancy.current_organisation_id(),
            metric_id=keys[version.formula],
            grain=grain,
            calendar=months.calendar(),
            spans=spans,
        )
    return semantics.formula_values(
        organisation_id=tenancy.current_organisation_id(),
        formula=formulas.parse(version.formula),
        inputs=keys,
        dimensions=version.dimension_keys,
        missing_policy=version.missing_policy,
        grain=grain,
        shared=queries.shared_inputs(version, keys),
    )
