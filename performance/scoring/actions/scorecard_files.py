"""A person's scorecard as a PDF: what its page says, fixed to the moment when the score was computed."""

import datetime
import io
from collections.abc import Iterable
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from performance.engine import fixed
from performance.foundation import access, audit, documents, i18n
from performance.foundation.components import formats
from performance.people import queries as people_queries
from performance.scoring import queries
from performance.scoring.models import Score
from performance.scoring.templatetags import market_words, scoring_words

#: Sets of weights beside one another, the latest ones.
STEPS_SHOWN = 4


def export_scorecard(*, score: Score, by: access.Actor, at: datetime.datetime) -> IO[bytes]:
    """PDF, ready to be read from its beginning, in the language that is active. A frozen score gives the same bytes
    whenever it is asked for, while everybody and everything in it is called the same: manager and team are those of the
    last day of its period, and months and weights end there, but names and titles are today's. What was exported is on
    record."""
    card = queries.scorecard(score)
    document = documents.Document(
        title=_("Scorecard of %(name)s") % {"name": formats.person_name(score.person)},
        foot=foot_of(
            by.organisation,
            score.period,
            _("Score %(digest)s") % {"digest": scoring_words.mark(score.digest)},
        ),
        author=i18n.local(by.organisation, "name"),
        made_at=score.computed_at,
    )
    _head(document, score)
    _figure(document, card)
    _facts(document, card)
    _sum(document, card)
    change = queries.change_since(score)
    if change is not None:
        _change(document, score, change)
    _history(document, card)
    _weights(document, score)
    audit.record(by=by, action="scoring.export_scorecard", subject=score, changes={"format": "pdf"}, at=at)
    return io.BytesIO(document.finished())


def scorecard_file_name(score: Score) -> str:
    return f"scorecard-{score.person.number}-{score.period.starts_on:%Y-%m-%d}.pdf"


def foot_of(organisation: Any, period: Any, *further: str) -> str:
    return formats.mark(",").join([i18n.local(organisation, "name"), i18n.local(period, "name"), *further])


def _head(document: documents.Document, score: Score) -> None:
    person, last_day = score.person, score.period.ends_on
    manager, team = (
        people_queries.manager_of(person.pk, last_day),
        people_queries.team_of(person.pk, last_day),
    )
    beneath = [_("No. %(number)s") % {"number": person.number}, person.title]
    beneath += [i18n.local(team, "name")] if team else []
    beneath += [_("Manager %(name)s") % {"name": formats.person_name(manager)}] if manager else []
    document.title(formats.person_name(person), formats.mark(",").join(part for part in beneath if part))


def _figure(document: documents.Document, card: queries.Scorecard) -> None:
    score = card.score
    state = _("Frozen") if score.is_frozen else _("Provisional")
    beside = [f"/ {card.axis}", i18n.local(score.period, "name"), state]
    if card.band:
        beside.insert(1, card.band.name)
    if score.score_micro is None:
        notes = [_("Nothing has been measured yet. A missing part is left out; it does not count as zero.")]
    else:
        notes = [_("%(constant)s at constant weights.") % {"constant": _points(score.constant_micro)}]
        notes.append(_from_weights(score))
    document.hero(_points(score.score_micro), formats.mark(",").join(beside), notes)


def _from_weights(score: Score) -> str:
    moved = scoring_words.moved(score)
    words = {"moved": formats.signed(moved, 1)}
    if not moved:
        return _("All of it comes from work, nothing from moved weights.")
    if moved > 0:
        return _("%(moved)s comes from weights, not from work.") % words
    return _("%(moved)s is taken by weights, not by work.") % words


def _facts(document: documents.Document, card: queries.Scorecard) -> None:
    score, version = card.score, card.score.version
    stage = str(version.get_stage_display())
    if version.effective_on:
        since = _("since %(day)s") % {"day": formats.day(version.effective_on, "full")}
        stage = f"{stage}{formats.mark(',')}{since}"
    facts = [
        (_("Period"), formats.day_range(score.period.starts_on, score.period.ends_on)),
        (_("Policy"), f"{i18n.local(version.policy, 'name')} v{version.number}"),
        (_("Stage"), stage),
        (_("Market"), formats.mark(";").join(market_words.signal_line(each) for each in card.signals)),
        (_("Measured"), _percent(score.coverage_ppm, 0)),
        (_("Computed"), moment(score.computed_at)),
        (_("Band"), f"{card.band.name}{formats.mark(',')}{card.band.range}" if card.band else ""),
        (_("Signed by"), scoring_words.names(card.signed_by)),
        (_("Engine"), score.engine_version),
    ]
    document.facts((name, value) for name, value in facts if value)


def _sum(document: documents.Document, card: queries.Scorecard) -> None:
    score = card.score
    document.heading(_("How the score adds up"), _("Score × weight = points."))
    columns = [
        documents.Column(_("Component"), 0.235),
        documents.Column(_("Score"), 0.08, True),
        documents.Column(_("Base weight"), 0.09, True),
        documents.Column(_("Stage"), 0.085, True),
        documents.Column(_("Market"), 0.085, True),
        documents.Column(_("Weight"), 0.105, True),
        documents.Column(_("Points"), 0.08, True),
        documents.Column("", 0.145),
        documents.Column(_("vs constant"), 0.095, True),
    ]
    rows = [_line(line, card.axis) for line in card.lines]
    total: list[str | documents.Bar] = [
        _("Score"),
        "",
        formats.percent(100),
        "",
        "",
        formats.percent(100),
        _points(score.score_micro),
        waterfall(0, score.score_micro or 0, 0, card.axis, mark=score.constant_micro),
        formats.signed(scoring_words.moved(score), 1),
    ]
    document.table(columns, rows, total if score.score_micro is not None else None)
    for note in _notes(card):
        document.note(note)


def _line(line: queries.Line, axis: int) -> documents.Row:
    named = documents.Cell(line.name, beside=scoring_words.category_name(line.category), series=line.color)
    given = (
        _percent(line.base_ppm),
        f"× {scoring_words.factor(line.stage_ppm)}",
        f"× {scoring_words.factor(line.market_ppm)}",
    )
    if not line.counts:
        nothing = formats.MISSING
        return [named, nothing, *given, _("Left out"), nothing, "", nothing]
    treatment = {"carried": _("Carried"), "zero": _("No data")}.get(line.treatment, "")
    held = _("Capped") if line.is_capped else _("Held up") if line.is_floored else ""
    return [
        named,
        documents.Cell(_points(line.value_micro), beside=treatment),
        *given,
        documents.Cell(formats.percent(line.written_weight, 2), beside=held),
        formats.number(line.points, 1),
        waterfall(line.start_micro, line.contribution_micro, line.color, axis),
        formats.signed(line.moved, 1),
    ]


def _notes(card: queries.Scorecard) -> Iterable[str]:
    for line in card.capped:
        words = {
            "name": line.name,
            "weight": _percent(line.planned_ppm, 1),
            "without": _percent(line.share_ppm, 2),
            "before": _percent(line.previous_ppm, 1),
            "cap": formats.number(formats.ppm(card.step_cap_ppm)),
        }
        if {"step_up", "step_down"} & set(line.guardrails):
            yield (
                _(
                    "%(name)s stands at %(weight)s: a weight moves at most %(cap)s points in a period, from %(before)s. "
                    "Without the guardrail: %(without)s."
                )
                % words
            )
        else:
            yield (
                _("%(name)s stands at %(weight)s, its limit in the policy. Without it: %(without)s.") % words
            )
    for line in card.left_out:
        yield (
            _("%(name)s has no data yet and is left out; the other weights grow in proportion.")
            % {"name": line.name}
        )
    if len(card.segments) > 1:
        days = formats.listed(_days(segment) for segment in card.segments)
        yield f"{_('Weights by days:')} {days}{formats.mark('.')}"
    yield scoring_words.missing_reading(card.score.version.missing)


def _days(segment: Any) -> str:
    said = _("version %(number)s for %(days)s days") % {
        "number": segment.number,
        "days": formats.number(segment.days),
    }
    return f"{i18n.local(segment.policy, 'name')}{formats.mark(':')}{said}" if segment.policy else said


def _change(document: documents.Document, score: Score, change: queries.Change) -> None:
    document.heading(
        _("What changed since %(period)s") % {"period": i18n.local(change.period, "name")},
        _(
            "Performance: the scores moved, at the mean of the old and the new weight. Weights: the weights moved, at the "
            "mean of the old and the new score."
        ),
    )
    columns = [
        documents.Column(_("Component"), 0.28),
        documents.Column(_("Score"), 0.17, True),
        documents.Column(_("Weight"), 0.19, True),
        documents.Column(_("From performance"), 0.13, True),
        documents.Column(_("From weights"), 0.13, True),
        documents.Column(pgettext("difference", "Change"), 0.1, True),
    ]
    rows: list[documents.Row] = [
        [
            documents.Cell(
                row.line.name,
                beside=_("Counts anew") if row.has_entered else _("Counts no more") if row.has_left else "",
                series=row.line.color,
            ),
            arrow(
                _points(row.before.value_micro) if row.before and row.counted else formats.MISSING,
                _points(row.now.value_micro) if row.now and row.counts_now else formats.MISSING,
            ),
            arrow(
                formats.percent(row.before.written_weight, 2)
                if row.before and row.counted
                else formats.MISSING,
                formats.percent(row.now.written_weight, 2) if row.now and row.counts_now else formats.MISSING,
            ),
            formats.signed(row.performance, 1),
            formats.signed(row.weights, 1),
            formats.signed(row.points, 1),
        ]
        for row in change.moved
    ]
    total = [
        _("Score"),
        arrow(_points(change.before.score_micro), _points(score.score_micro)),
        "",
        formats.signed(change.from_performance, 1),
        formats.signed(change.from_weights, 1),
        formats.signed(change.points, 1),
    ]
    document.table(columns, rows, total)


def _history(document: documents.Document, card: queries.Scorecard) -> None:
    if len(card.history) < 2:
        return
    document.heading(_("By month") if card.is_by_month else _("As computed, day by day"))
    columns = [
        documents.Column(_("Month") if card.is_by_month else _("Day"), 0.2),
        documents.Column(_("Score"), 0.12, True),
        documents.Column(_("Constant weights"), 0.2, True),
        documents.Column("", 0.48),
    ]
    rows: list[documents.Row] = [
        [
            formats.month(point.on) if card.is_by_month else formats.day(point.on, "full"),
            _points(point.score_micro),
            _points(point.constant_micro),
            waterfall(0, point.score_micro or 0, 1, card.axis, mark=point.constant_micro),
        ]
        for point in card.history
    ]
    document.table(columns, rows)


def _weights(document: documents.Document, score: Score) -> None:
    """The sets of weights up to the end of the period: what comes later does not change what a frozen score says."""
    last_day = score.period.ends_on
    found = queries.weight_steps(score.person_id, last_day, until=last_day)
    if found is None:
        return
    days = [datetime.date.fromisoformat(day) for day in found.chart["x"][:-1]]
    shown = range(len(days))[-STEPS_SHOWN:]
    document.heading(_("How the weights moved"))
    share = 0.6 / len(shown)
    columns = [documents.Column(_("Component"), 0.4)]
    columns += [documents.Column(formats.day(days[place], "full"), share, True) for place in shown]
    rows: list[documents.Row] = [
        [
            documents.Cell(series["name"], series=series["series"]),
            *(formats.percent(series["values"][place], 2) for place in shown),
        ]
        for series in found.chart["series"]
        if any(series["values"][place] for place in shown)
    ]
    document.table(columns, rows)


def waterfall(start: int, length: int, series: int, axis: int, *, mark: int | None = None) -> documents.Bar:
    """A bar by micro points, on an axis of so many points."""
    unit = axis * fixed.ONE / 100
    return documents.Bar(start / unit, length / unit, series, None if mark is None else mark / unit)


def arrow(before: str, now: str) -> str:
    return f"{before} → {now}"


def moment(at: datetime.datetime) -> str:
    """With its year, whichever year it is read in."""
    return f"{formats.day(at, 'full')} {formats.clock(at)}"


def _points(micro: int | None) -> str:
    return formats.number(formats.micro(micro), 1)


def _percent(ppm: int | None, places: int | None = None) -> str:
    return formats.percent(formats.ppm(ppm), places)
