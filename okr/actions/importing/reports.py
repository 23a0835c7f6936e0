"""The plan of an import as a page and the API show it; long lists are cut, counts are not. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from okr import queries
from okr.actions.importing import cells, columns, shapes
from okr.models import Content
from okr.models.objectives import KeyResultKind, ObjectiveType, OwnerKind, Visibility
from performance.foundation.components import formats

SHOWN = 300
SHOWN_PROBLEMS = 200


def report_of(check: shapes.Check, made: shapes.Plan) -> dict[str, Any]:
    people = {person.id: person.label for person in check.people}
    people |= {each.objective.owner_id: str(each.objective.owner) for each in check.standing}
    read = set(check.mapping.values())
    headers = check.sheet.headers
    return {
        "digest": made.digest,
        "rows": len(check.sheet.rows),
        "encoding": check.sheet.encoding,
        "read": [headers[place] for place in sorted(read)],
        "not_read": [header for place, header in enumerate(headers) if header and place not in read],
        "counts": {
            "new": len(made.new),
            "changed": len(made.changed),
            "agreed": sum(goal.needs_reason for goal in made.changed),
            "anew": sum(goal.is_anew for goal in made.changed),
            "same": len(made.same),
            "errors": len(made.problems),
            "key_results": sum(len(goal.content.key_results) for goal in made.new),
        },
        "new": [_new(check, goal, people) for goal in made.new[:SHOWN]],
        "changed": [_changed(check, goal, people) for goal in made.changed[:SHOWN]],
        "same": [_head(check, goal, people) for goal in made.same[:SHOWN]],
        "errors": [_problem(check, problem) for problem in made.problems[:SHOWN_PROBLEMS]],
    }


def errors_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The problems of a report, each with the cells to mend: reports from before there could be several tell of one."""
    return [
        {"cells": [{"cell": each["cell"], "value": each["value"]}] if each["cell"] else [], **each}
        for each in report["errors"]
    ]


def _head(check: shapes.Check, goal: shapes.Goal, people: Mapping[Any, str]) -> dict[str, Any]:
    team = next((each.label for each in check.teams if each.id == goal.team_id), "")
    return {
        "row": goal.row,
        "id": str(goal.match.objective.pk) if goal.match else "",
        "title": goal.content.title,
        "owner": people.get(goal.owner_id, ""),
        "team": team if goal.owner_kind == OwnerKind.TEAM else "",
    }


def _new(check: shapes.Check, goal: shapes.Goal, people: Mapping[Any, str]) -> dict[str, Any]:
    text = goal.content
    return _head(check, goal, people) | {
        "type": str(ObjectiveType(text.type).label),
        "visibility": str(Visibility(text.visibility).label),
        "key_results": [
            {
                "title": each.title,
                "kind": str(KeyResultKind(each.kind).label),
                "weight": queries.share(each),
                "span": queries.span(each, len(each.milestones)),
            }
            for each in text.key_results
        ],
    }


def _changed(check: shapes.Check, goal: shapes.Goal, people: Mapping[Any, str]) -> dict[str, Any]:
    before = goal.before or goal.content
    # Owners are told apart: here they are labels of a sheet, not people who were loaded.
    told = [*queries.differences(before, goal.content, {}), *_owners(before, goal.content, goal, people)]
    return _head(check, goal, people) | {
        "title": before.title,
        "agreed": goal.needs_reason,
        "anew": goal.is_anew,
        "fields": [
            {"label": label, "before": before or "", "after": after or ""} for label, before, after in told
        ],
    }


def _owners(
    before: Content, after: Content, goal: shapes.Goal, people: Mapping[Any, str]
) -> list[tuple[str, str, str]]:
    """Whose key results change hands: a text names people by their IDs alone."""
    standing = {each.id: each for each in before.key_results}
    rows = []
    for place, each in enumerate(after.key_results, 1):
        was = standing.get(each.id)
        if was is not None and was.owner_id != each.owner_id:
            name = f"{_('KR%(number)s') % {'number': place}} {_('owner')}"
            pair = [people.get(one.owner_id or goal.owner_id, formats.MISSING) for one in (was, each)]
            rows.append((name, pair[0], pair[1]))
    return rows


def _problem(check: shapes.Check, problem: shapes.Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "cell": problem.cell,
        "column": check.sheet.headers[problem.column]
        if problem.column >= 0
        else columns.label(problem.field),
        "text": problem.text,
        "value": problem.value[: cells.LONGEST],
        "cells": [
            {"cell": cell, "value": value[: cells.LONGEST], "suggested": problem.suggested.get(row, "")}
            for row, value in problem.among or [(problem.row, problem.value)]
            if (cell := problem.cell_in(row))
        ],
    }
