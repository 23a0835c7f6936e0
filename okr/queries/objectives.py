"""Objectives for pages: lists, one objective with its history, a team's tree."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from okr import rules
from okr.models import (
    Agreement,
    CheckIn,
    CheckInReply,
    KeyResult,
    KeyResultEntry,
    Milestone,
    Objective,
    ObjectiveVersion,
    OkrPolicy,
    ProgressPoint,
)
from okr.models.objectives import RUNNING_STATES, SCORED_STATES, State
from okr.queries import metrics
from okr.queries.finding import carrying
from okr.queries.pace import (
    Expected,
    Pace,
    expected_of_key_results,
    expected_of_objectives,
    statuses_of,
)
from okr.queries.sight import Sight, proposals_read_by
from okr.queries.visibility import drafts
from performance.foundation import access

# A key result keeps its colour in the weight bar and in the table.
SERIES = 8
HISTORY_WEEKS = 12


def with_key_results(objectives: QuerySet[Objective]) -> QuerySet[Objective]:
    """Loads owners, teams and standing key results. Four queries for any number of rows."""
    steps = Milestone.objects.filter(removed_at=None)
    standing = (
        KeyResult.objects.filter(removed_at=None)
        .select_related("owner")
        .prefetch_related(Prefetch("milestones", queryset=steps))
    )
    return objectives.select_related("owner", "team", "period", "agreer").prefetch_related(
        Prefetch("key_results", queryset=standing)
    )


def of_person(objectives: QuerySet[Objective], person_id: uuid.UUID, period: Any) -> QuerySet[Objective]:
    """The person's own objectives of a period, and those in which they own a key result."""
    theirs = KeyResult.objects.filter(owner_id=person_id, removed_at=None).values("objective_id")
    return objectives.filter(Q(owner_id=person_id) | Q(pk__in=theirs), period=period)


def led_by(person_id: uuid.UUID, period: Any) -> QuerySet[Objective]:
    """Running and done objectives of one's own and of the teams that one leads, those of people first."""
    mine = Q(owner_id=person_id) | Q(team__lead_id=person_id, owner_kind="team")
    led = Objective.objects.filter(mine, period=period, state__in=SCORED_STATES)
    return led.order_by("owner_kind", "created_at")


def proposals_waiting_for(person_id: uuid.UUID) -> QuerySet[ObjectiveVersion]:
    """Proposals that wait for this person's agreement; none while the goals of their period are locked."""
    theirs = Q(objective__owner_id=person_id) | Q(objective__agreer_id=person_id)
    waiting = ObjectiveVersion.objects.filter(
        theirs, state="proposed", objective__period__goals_locked_at=None
    ).exclude(objective__period__state="closed")
    return waiting.exclude(agreements__person_id=person_id).select_related("objective", "by")


def filtered(
    objectives: QuerySet[Objective],
    *,
    reader: access.Actor,
    period: Any = None,
    owner: Any = None,
    team: Any = None,
    state: str = "",
    words: str = "",
) -> QuerySet[Objective]:
    """Narrowed as the list's form asks; `waiting` leaves what waits with a text that the reader may read. Of a closed
    period each counts as what sealing makes of it."""
    if period is not None:
        objectives = objectives.filter(period=period)
    if owner is not None:
        objectives = objectives.filter(owner=owner)
    if team is not None:
        objectives = objectives.filter(team=team)
    if state == "waiting":
        waiting = proposals_read_by(reader).exclude(objective__period__state="closed")
        objectives = objectives.filter(pk__in=waiting.values("objective_id"))
    elif state:
        objectives = objectives.filter(_shown_as(state))
    return carrying(objectives, words).order_by("-created_at", "-id")


def _shown_as(state: str) -> Q:
    """`Objective.shown_state` as a condition."""
    in_closed = Q(period__state="closed")
    if state == State.DRAFT:
        return drafts()
    if state == State.CLOSED:
        return Q(state=state) | Q(in_closed, state__in=RUNNING_STATES)
    return Q(~in_closed, state=state)


@dataclass
class ObjectiveRow:
    """An objective with its status today."""

    objective: Objective
    status: str
    expected: Expected

    @property
    def is_final(self) -> bool:
        return self.objective.is_final

    @property
    def ahead(self) -> int | None:
        return self.expected.ahead(self.objective.progress_micro)

    @property
    def behind(self) -> int:
        return max(-(self.ahead or 0), 0)

    @property
    def percent(self) -> int | None:
        return percent(self.objective.progress_micro)


def rows_of(
    objectives: Iterable[Objective], paces: Mapping[uuid.UUID, Pace], policies: Mapping[uuid.UUID, OkrPolicy]
) -> list[ObjectiveRow]:
    """With status by each period's pace and policy. Key results must be loaded where a policy asks for them."""
    shown = list(objectives)
    expected = expected_of_objectives((each, paces[each.period_id]) for each in shown)
    statuses = statuses_of(shown, expected, paces, policies)
    return [
        ObjectiveRow(each, status, expected[each.pk]) for each, status in zip(shown, statuses, strict=True)
    ]


def percent(progress_micro: int | None) -> int | None:
    """Whole percent, rounded half up."""
    return None if progress_micro is None else (progress_micro + 500_000) // 1_000_000


def series_of(place: int) -> int:
    """The colour of the part at this place."""
    return place % SERIES + 1


@dataclass
class KeyResultRow:
    """A key result as the objective's table shows it. `whole_ppm`: what it weighs in the objective's figure, where that
    is made of more than key results."""

    key_result: KeyResult
    series: int
    status: str
    expected: Expected | None
    history: list[Any] = field(default_factory=list)
    metric: Any = None
    part: str = ""
    whole_ppm: int | None = None

    @property
    def is_final(self) -> bool:
        """Closed with its objective, which is loaded with it."""
        return self.key_result.objective.is_final

    @property
    def steps(self) -> list[Milestone]:
        return list(self.key_result.milestones.all())

    @property
    def percent(self) -> int | None:
        return percent(self.key_result.progress_micro)

    @property
    def weight_percent(self) -> float:
        return self.key_result.weight_ppm / 10_000


def key_result_rows(objective: Objective, pace: Pace) -> list[KeyResultRow]:
    """Standing key results with the readings of the last weeks (of the week that was reported on, whenever that was;
    what a metric filled by itself stands in the week in which it did), and what metric and part of the business fills
    those that are bound. One query beyond those of `with_key_results`, four where one is bound."""
    standing = list(objective.key_results.all())
    paces = expected_of_key_results((each, pace) for each in standing)
    rows = [
        KeyResultRow(each, series_of(place), paces.status_of(each), paces.expected_of(each))
        for place, each in enumerate(standing)
    ]
    by_key_result: dict[uuid.UUID, dict[datetime.date, Any]] = defaultdict(dict)
    entries = KeyResultEntry.objects.filter(key_result__in=[row.key_result for row in rows]).order_by(
        "at", "check_in__number", "id"
    )
    for key, week, at, value, progress_micro in entries.values_list(
        "key_result_id", "check_in__week_starts_on", "at", "value", "progress_micro"
    ):
        shown = value if value is not None else percent(progress_micro)
        by_key_result[key][week or rules.monday_of(timezone.localdate(at))] = shown
    sources = metrics.bindings([row.key_result for row in rows])
    for row in rows:
        weeks = by_key_result[row.key_result.pk]
        row.history = [weeks[week] for week in sorted(weeks)][-HISTORY_WEEKS:]
        row.metric, row.part = sources.get(row.key_result.pk, (None, ""))
    return rows


@dataclass(frozen=True)
class Course:
    """Whole percent at the end of each week that has a figure, oldest first; and when the figure last became another,
    whatever moved it: None while there was none."""

    by_week: list[int]
    moved_at: datetime.datetime | None


def course_of(objective: Objective) -> Course:
    """One query."""
    weeks: dict[datetime.date, int] = {}
    moved_at, former = None, None
    points = ProgressPoint.objects.filter(objective=objective).order_by("at", "id")
    for at, progress_micro in points.values_list("at", "progress_micro"):
        if progress_micro != former:
            moved_at = at
        if progress_micro is not None:
            weeks[rules.monday_of(timezone.localdate(at))] = percent(progress_micro) or 0
        former = progress_micro
    return Course(list(weeks.values()), moved_at)


@dataclass
class HistoryRow:
    """A week in which somebody reported on the objective. `is_open`: the reader may open what was said."""

    check_in: CheckIn
    is_open: bool
    before: int | None
    after: int | None
    confidence: int | None
    repliers: list[Any]
    words: str
    #: When the progress before and after was counted.
    counted_at: list[datetime.datetime]


def check_in_history(
    objective: Objective, readers_of: Collection[uuid.UUID], sight: Sight, limit: int = 5
) -> list[HistoryRow]:
    """Newest first: each week's last entry that read one of the objective's key results, with the objective's
    progress before and after. Four queries.

    The words of a check-in may speak of other goals too: they are shown for the people in `readers_of`, whose
    check-ins the reader may open; of others only the notes on this objective's key results, and of those what `sight`
    leaves. Figures are everybody's who sees the objective.
    """
    touching = KeyResultEntry.objects.filter(key_result__objective=objective).exclude(check_in=None)
    newest = (
        CheckIn.objects.filter(pk__in=touching.values("check_in_id"))
        .order_by("person_id", "-week_starts_on", "-at", "-number")
        .distinct("person_id", "week_starts_on")
    )
    check_ins = list(
        CheckIn.objects.filter(pk__in=newest.values("pk"))
        .select_related("person")
        .prefetch_related(
            Prefetch("replies", queryset=CheckInReply.objects.select_related("by")),
            Prefetch("entries", queryset=KeyResultEntry.objects.filter(key_result__objective=objective)),
        )
        .order_by("-week_starts_on", "-at")[:limit]
    )
    points = list(
        ProgressPoint.objects.filter(objective=objective)
        .order_by("at", "id")
        .values_list("at", "progress_micro")
    )
    rows = []
    for check_in in check_ins:
        after = [point for point in points if point[0] <= check_in.at]
        start = datetime.datetime.combine(check_in.week_starts_on, datetime.time(), tzinfo=check_in.at.tzinfo)
        before = [point for point in points if point[0] < min(start, check_in.at)]
        answers = [each.confidence for each in check_in.entries.all() if each.confidence]
        is_open = check_in.person_id in readers_of
        notes = "; ".join(
            each.note
            for each in check_in.entries.all()
            if each.note and (is_open or sight.reads_note(each.at, check_in.person_id))
        )
        words = check_in.wins or check_in.blockers if is_open else ""
        rows.append(
            HistoryRow(
                check_in,
                is_open,
                percent(before[-1][1]) if before else None,
                percent(after[-1][1]) if after else None,
                min(answers, default=None),
                list({reply.by_id: reply.by for reply in check_in.replies.all()}.values()),
                words or notes,
                [at for at, _figure in (*before[-1:], *after[-1:])],
            )
        )
    return rows


def versions_of(objective: Objective) -> list[ObjectiveVersion]:
    """Newest first, with who proposed and who signed."""
    signed = Agreement.objects.select_related("person").order_by("at")
    return list(
        ObjectiveVersion.objects.filter(objective=objective)
        .select_related("by")
        .prefetch_related(Prefetch("agreements", queryset=signed))
        .order_by("-number")
    )


def possible_parents(visible: QuerySet[Objective], line_above: Collection[uuid.UUID]) -> QuerySet[Objective]:
    """What an objective may serve: goals of teams, of the organisation, and of those above its owner."""
    served = Q(owner_kind__in=("team", "organisation")) | Q(owner_id__in=line_above)
    return visible.filter(served).exclude(drafts())
