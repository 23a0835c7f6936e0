"""Whom and what the words of a file mean. Pure."""

import uuid
from collections import defaultdict
from typing import Any

from okr.actions.importing import cells, shapes
from okr.models.objectives import OwnerKind


def turned(name: str) -> str:
    """ "Yue, Lin" → "lin yue"."""
    parts = [part.strip() for part in name.replace("，", ",").split(",")]
    return cells.key(f"{parts[1]} {parts[0]}") if len(parts) == 2 and all(parts) else cells.key(name)


class Names:
    """People, teams, metrics and objectives by every way to write them."""

    def __init__(self, check: shapes.Check) -> None:
        self._by_number = {cells.key(person.number): person for person in check.people}
        self._by_email = {cells.key(person.email): person for person in check.people if person.email}
        self._by_word: dict[str, list[shapes.Person]] = defaultdict(list)
        for person in check.people:
            for word in set(person.words):
                self._by_word[cells.key(word)].append(person)
        self._teams: dict[str, list[shapes.Team]] = defaultdict(list)
        for team in check.teams:
            for word in set(map(cells.key, team.words)):
                self._teams[word].append(team)
        self._team_by_code = {cells.key(team.words[0]): team for team in check.teams}
        self._team_by_id = {team.id: team for team in check.teams}
        self._metrics = {
            cells.key(word): metric for metric in reversed(check.metrics) for word in metric.words
        }
        self._metrics |= {cells.key(metric.key): metric for metric in check.metrics}
        self._called: dict[Any, list[shapes.Standing]] = defaultdict(list)
        for each in check.standing:
            one = each.objective
            ids = {OwnerKind.PERSON.value: one.owner_id, OwnerKind.TEAM.value: one.team_id}
            for title in {
                cells.key(one.title),
                cells.key(each.proposal.title if each.proposal else one.title),
            }:
                self._called[(one.owner_kind, ids.get(one.owner_kind)), title].append(each)

    def people(self, text: str) -> list[shapes.Person]:
        """By number, else by address, else by name; several who share a name, those who are here first."""
        wanted = cells.key(text.removeprefix("'"))
        exact = self._by_number.get(wanted) or self._by_email.get(wanted)
        if exact is not None:
            return [exact]
        found = self._by_word.get(wanted) or self._by_word.get(turned(text)) or []
        return [person for person in found if person.is_here] or found

    def teams(self, text: str) -> list[shapes.Team]:
        exact = self._team_by_code.get(cells.key(text))
        return [exact] if exact is not None else self._teams.get(cells.key(text), [])

    def team(self, team_id: uuid.UUID) -> shapes.Team:
        return self._team_by_id[team_id]

    def metric(self, text: str) -> shapes.Metric | None:
        return self._metrics.get(cells.key(text))

    def called(self, whose: tuple[str, Any], title: str) -> list[shapes.Standing]:
        plain = title[1:] if title.startswith("'") else title
        return self._called.get((whose, cells.key(plain))) or self._called.get((whose, cells.key(title)), [])
