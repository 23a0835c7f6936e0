"""The scorecard of a group as a PDF: what its page says, with the people whose scores its reader sees."""

import datetime
import io
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from performance.foundation import access, audit, documents, i18n
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring import queries
from performance.scoring.actions.scorecard_files import foot_of, moment, waterfall

#: People of one file. Beyond them a list is no document any more; the list of the page goes on.
MOST_PEOPLE = 1000


def export_group_card(
    *, card: queries.GroupCard, by: access.Actor, at: datetime.datetime, on: datetime.date
) -> IO[bytes]:
    """PDF, ready to be read from its beginning, in the language that is active. Of frozen scores it gives the same bytes
    whenever it is asked for, while the group is the same. What was exported is on record."""
    seen = queries.members_seen(card.scope, card.period, by, on)
    persons = list(seen.order_by("name_sort", "number")[:MOST_PEOPLE])
    total = seen.count() if len(persons) == MOST_PEOPLE else len(persons)
    rows = queries.team_rows(persons, card.period)
    document = documents.Document(
        title=_("Scorecard of %(name)s") % {"name": card.scope.name},
        foot=foot_of(by.organisation, card.period),
        author=i18n.local(by.organisation, "name"),
        made_at=card.computed_at or at,
    )
    _head(document, card)
    _spread(document, card)
    _mean(document, card)
    _change(document, card)
    _weights(document, card)
    _below(document, card)
    _people(document, rows, total)
    audit.record(
        by=by,
        action="scoring.export_group_card",
        subject=card.scope.subject,
        changes={"period": str(card.period), "rows": len(rows), "format": "pdf"},
        at=at,
    )
    return io.BytesIO(document.finished())


def group_file_name(card: queries.GroupCard) -> str:
    scope = card.scope
    named = scope.manager.number if scope.manager else scope.unit.code if scope.unit else "all"
    return f"scorecard-{scope.kind}-{named}-{card.period.starts_on:%Y-%m-%d}.pdf"


def kind_name(scope: queries.Scope) -> str:
    return {
        "team": _("Team scorecard"),
        "unit": _("Unit scorecard"),
        "organisation": _("Organisation scorecard"),
    }[scope.kind]


def _head(document: documents.Document, card: queries.GroupCard) -> None:
    mean = card.mean
    document.title(card.scope.name, kind_name(card.scope))
    if mean is None:
        return
    people_said = ngettext("%(number)s person", "%(number)s people", card.number) % {"number": card.number}
    beside = [f"/ {card.axis}", i18n.local(card.period, "name"), people_said]
    notes = [_("%(constant)s at constant weights.") % {"constant": _points(mean.constant_micro)}]
    if mean.median_micro is not None:
        notes.insert(0, _("Median %(median)s.") % {"median": _points(mean.median_micro)})
    document.hero(_points(mean.mean_micro), formats.mark(",").join(beside), [formats.mark(" ").join(notes)])
    facts = [
        (_("Period"), formats.day_range(card.period.starts_on, card.period.ends_on)),
        (_("Measured"), formats.percent(formats.ppm(card.coverage_ppm), 0)),
        (_("Not fully measured"), str(card.incomplete)),
        (_("Provisional"), str(card.provisional)),
        (_("Without a score"), str(card.unscored)),
        (_("Computed"), moment(card.computed_at) if card.computed_at else formats.MISSING),
    ]
    document.facts(facts)


def _spread(document: documents.Document, card: queries.GroupCard) -> None:
    document.heading(_("How the scores spread"))
    if card.steps:
        _steps(document, card)
    else:
        document.note(
            _(
                "Not told here: the steps, or what they leave of a larger group, would tell on single people whose scores "
                "you do not see."
            )
        )
    if not card.sees_each:
        document.note(_("No median is told: it can be the score of one person."))


def _steps(document: documents.Document, card: queries.GroupCard) -> None:
    columns = [
        documents.Column(_("Band") if card.are_bands else _("Points"), 0.34),
        documents.Column(pgettext("number", "People"), 0.12, True),
        documents.Column(_("Share"), 0.12, True),
        documents.Column("", 0.42),
    ]
    rows: list[documents.Row] = [
        [
            documents.Cell(step.name or step.range, beside=step.range if step.name else ""),
            formats.number(step.number),
            formats.percent(step.share, 1),
            documents.Bar(0, step.number * 100 / card.most),
        ]
        for step in card.steps
    ]
    document.table(columns, rows)
    if not card.sees_each:
        document.note(
            _(
                "Steps are put together until each holds nobody or at least five people whose scores you do not see."
            )
        )


def _mean(document: documents.Document, card: queries.GroupCard) -> None:
    mean = card.mean
    if mean is None:
        return
    document.heading(
        _("What the mean is made of"), _("Each component’s mean points; together they are the mean score.")
    )
    columns = [
        documents.Column(_("Component"), 0.22),
        documents.Column(_("Score"), 0.08, True),
        documents.Column(pgettext("number", "People"), 0.08, True),
        documents.Column(_("Constant weight"), 0.115, True),
        documents.Column(_("Constant points"), 0.1, True),
        documents.Column(_("Weight"), 0.105, True),
        documents.Column(_("Points"), 0.08, True),
        documents.Column("", 0.12),
        documents.Column(_("vs constant"), 0.1, True),
    ]
    rows: list[documents.Row] = [
        [
            documents.Cell(line.name, series=line.color),
            formats.number(line.score, 1),
            formats.number(line.number) if line.number else formats.MISSING,
            formats.percent(line.constant_weight, 2),
            formats.number(line.constant_points, 1),
            formats.percent(line.weight, 2),
            formats.number(line.points, 1),
            waterfall(line.start_micro, line.contribution_micro, line.color, card.axis),
            formats.signed(line.moved, 1),
        ]
        for line in mean.lines
    ]
    total: documents.Row = [
        _("Mean"),
        "",
        formats.number(mean.number),
        formats.percent(100),
        formats.number(mean.constant_points, 1),
        formats.percent(100),
        formats.number(mean.points, 1),
        waterfall(0, mean.mean_micro, 0, card.axis, mark=mean.constant_micro),
        formats.signed(mean.from_weights, 1),
    ]
    document.table(columns, rows, total)
    if card.told_together:
        document.note(
            _(
                "Components that count for few people are told together with others, so that they tell of no single person."
            )
        )


def _change(document: documents.Document, card: queries.GroupCard) -> None:
    change = card.change
    if change is None:
        return
    document.heading(_("What changed since %(period)s") % {"period": i18n.local(change.period, "name")})
    document.paragraph(
        _("The mean was %(before)s of %(number)s people; it is %(now)s: %(points)s.")
        % {
            "before": _points(change.before_micro),
            "number": formats.number(change.before_number),
            "now": _points(change.now_micro),
            "points": formats.signed(change.points, 1),
        }
    )
    if not change.both:
        return
    columns = [
        documents.Column(_("Component"), 0.4),
        documents.Column(_("From performance"), 0.2, True),
        documents.Column(_("From weights"), 0.2, True),
        documents.Column(pgettext("difference", "Change"), 0.2, True),
    ]
    rows: list[documents.Row] = [
        [
            documents.Cell(line.name, series=line.color),
            formats.signed(line.performance, 1),
            formats.signed(line.weights, 1),
            formats.signed(line.points, 1),
        ]
        for line in change.lines
    ]
    rows.append([_("Who is in the group"), "", "", formats.signed(change.from_people, 1)])
    total = [
        _("Mean"),
        formats.signed(change.performance, 1),
        formats.signed(change.weights, 1),
        formats.signed(change.points, 1),
    ]
    document.table(columns, rows, total)


def _weights(document: documents.Document, card: queries.GroupCard) -> None:
    weights = card.weights
    if weights is None:
        return
    document.heading(_("How the weights moved"))
    share = 0.6 / len(weights.periods)
    columns = [documents.Column(_("Component"), 0.4)]
    columns += [documents.Column(i18n.local(then.period, "name"), share, True) for then in weights.periods]
    rows: list[documents.Row] = [
        [documents.Cell(name, series=color), *(formats.percent(each, 2) for each in values)]
        for color, name, values in weights.rows
    ]
    document.table(columns, rows)


def _below(document: documents.Document, card: queries.GroupCard) -> None:
    if not card.below:
        return
    document.heading(_("Units below"))
    columns = [
        documents.Column(_("Unit"), 0.4),
        documents.Column(pgettext("number", "People"), 0.15, True),
        documents.Column(_("Mean"), 0.15, True),
        documents.Column("", 0.3),
    ]
    rows: list[documents.Row] = [
        [
            i18n.local(row.unit, "name"),
            formats.number(row.number),
            _points(row.mean_micro) if row.mean_micro is not None else _("not told"),
            waterfall(0, row.mean_micro or 0, 1, card.axis),
        ]
        for row in card.below
    ]
    document.table(columns, rows)


def _people(document: documents.Document, rows: list[queries.TeamRow], total: int) -> None:
    if not rows:
        return
    document.heading(pgettext("group", "People"))
    columns = [
        documents.Column(_("Person"), 0.4),
        documents.Column(_("Score"), 0.12, True),
        documents.Column(_("Constant weights"), 0.18, True),
        documents.Column(_("Measured"), 0.15, True),
        documents.Column(_("State"), 0.15),
    ]
    document.table(columns, [_person(row.person, row) for row in rows])
    if total > len(rows):
        document.note(
            _("These are the first %(number)s of %(total)s people by name; the list on the page goes on.")
            % {"number": formats.number(len(rows)), "total": formats.number(total)}
        )


def _person(person: people.Person, row: queries.TeamRow) -> documents.Row:
    named = documents.Cell(
        formats.person_name(person),
        beside=formats.mark(",").join(filter(None, (person.number, person.title))),
    )
    if row.score is None:
        return [named, formats.MISSING, formats.MISSING, formats.MISSING, _("No score yet")]
    return [
        named,
        _points(row.score.score_micro),
        _points(row.score.constant_micro),
        formats.percent(formats.ppm(row.score.coverage_ppm), 0),
        _("Frozen") if row.score.is_frozen else _("Provisional"),
    ]


def _points(micro: int | None) -> str:
    return formats.number(formats.micro(micro), 1)
