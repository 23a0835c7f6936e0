"""Whose an objective of a file is: its owner or team, and whether whoever imports may bring it in. Pure."""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from okr.actions.importing import shapes
from okr.models.objectives import OwnerKind

if TYPE_CHECKING:
    from okr.actions.importing.plan import Group


def side_of(reader: Any, group: "Group", match: shapes.Standing | None) -> dict[str, Any] | None:
    """Whose objective it is: kind of owner, owner, team. None where that cannot be told."""
    if match is not None:
        one = match.objective
        _refuse_other_owner(reader, group, one)
        return {"owner_kind": one.owner_kind, "owner_id": one.owner_id, "team_id": one.team_id}
    before = len(reader.plan.problems)
    owner = _person(reader, group)
    team = _team(reader, group)
    kind = _kind_of_owner(reader, group, owner, team)
    if len(reader.plan.problems) > before:
        return None
    if kind == OwnerKind.TEAM:
        if team is None:
            reader.blame_cell(group, "team", _("Write which team’s objective it is."))
            return None
        if owner is None and team.lead_id is None:
            reader.blame_cell(group, "team", _("This team has nobody who leads it yet."))
            return None
        if owner is not None and owner.id != team.lead_id and not reader.check.imports_for_all:
            _blame_owner(reader, group, _("Whoever leads a team answers for its objectives."))
            return None
        return {
            "owner_kind": kind,
            "owner_id": owner.id if owner else team.lead_id,
            "team_id": team.id,
        }
    owner_id = owner.id if owner else reader.check.me
    theirs = reader.check.memberships.get(owner_id, frozenset())
    if kind == OwnerKind.PERSON and team is not None and team.id not in theirs:
        reader.blame_cell(
            group,
            "team",
            _(
                "The owner is not in this team. Empty the cell, or leave the owner out for a goal of the team."
            ),
        )
        return None
    return {"owner_kind": kind, "owner_id": owner_id, "team_id": team.id if team else None}


def _refuse_other_owner(reader: Any, group: "Group", one: Any) -> None:
    """The owner of an objective that is here does not change by a file."""
    for field in ("owner_number", "owner_email", "owner"):
        text = group.text(field)
        if not text:
            continue
        people = reader.names.people(text)
        if one.owner_id not in {person.id for person in people}:
            reader.blame_cell(group, field, _("An import does not hand an objective to somebody else."))
        return


def _person(reader: Any, group: "Group") -> shapes.Person | None:
    for field in ("owner_number", "owner_email", "owner"):
        if group.text(field):
            return reader.somebody(group.cells[field][0], field, group.text(field))
    return None


def _team(reader: Any, group: "Group") -> shapes.Team | None:
    text = group.text("team")
    teams = reader.names.teams(text) if text else []
    if text and not teams:
        reader.blame_cell(group, "team", _("There is no open team with this name or code."))
    elif len(teams) > 1:
        reader.blame_cell(group, "team", _("Several teams are called so. Write the code."))
    return teams[0] if len(teams) == 1 else None


def _kind_of_owner(reader: Any, group: "Group", owner: shapes.Person | None, team: shapes.Team | None) -> str:
    if group.text("owned_by"):
        kind = reader.choice(group, "owned_by", OwnerKind, "")
        if kind == OwnerKind.ORGANISATION and not reader.check.imports_for_all:
            reader.blame_cell(group, "owned_by", _("Goals of the organisation are imported by HR."))
        return kind
    return OwnerKind.TEAM.value if owner is None and team is not None else OwnerKind.PERSON.value


def refuse_unauthorised(reader: Any, group: "Group", side: Mapping[str, Any]) -> None:
    """HR imports for everybody, others for themselves, whoever is below them, and teams that they lead or belong to."""
    check = reader.check
    if check.imports_for_all:
        return
    if side["owner_kind"] == OwnerKind.TEAM:
        team = reader.names.team(side["team_id"])
        leads = {check.me, *check.below}
        if team.id not in check.my_teams and team.lead_id not in leads:
            reader.blame_cell(
                group, "team", _("You bring in goals of your own teams and of those below you.")
            )
    elif side["owner_id"] != check.me and side["owner_id"] not in check.below:
        _blame_owner(reader, group, _("You propose goals for yourself and for people below you."))


def sponsor_of(reader: Any, group: "Group", owner_id: uuid.UUID) -> uuid.UUID | None:
    """Who agrees for the other side in place of the owner's manager, where the file names somebody."""
    sponsor = None
    if group.text("sponsor"):
        sponsor = reader.somebody(group.cells["sponsor"][0], "sponsor", group.text("sponsor"))
        if sponsor is not None and sponsor.id == owner_id:
            reader.blame_cell(group, "sponsor", _("Owner and sponsor are two different people."))
    elif owner_id not in reader.check.managed:
        _blame_owner(
            reader,
            group,
            _("Nobody manages the owner. Name who agrees for the other side in a column “Sponsor”."),
        )
    return sponsor.id if sponsor else None


def _blame_owner(reader: Any, group: "Group", text: str) -> None:
    fields = ("owner_number", "owner_email", "owner", "team")
    field = next((each for each in fields if group.text(each)), "objective")
    reader.blame_cell(group, field, text)
