"""How objectives stand today by the policy that counts them: what a page says beside each progress, for the API."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from okr.models import KeyResult, Objective
from okr.queries.objectives import ObjectiveRow, rows_of
from okr.queries.pace import Paces, expected_of_key_results, paces_in
from okr.queries.policies import policies_of


@dataclass(frozen=True)
class Measures:
    """Of these objectives and their key results: the version of the policy that counts them (0: nobody chose one), what
    is expected of them by the end of the day, and the status."""

    versions: Mapping[uuid.UUID, int]
    rows: Mapping[uuid.UUID, ObjectiveRow]
    paces: Paces

    def policy_of(self, objective: Objective) -> int:
        return self.versions[objective.period_id]

    def expected_of(self, one: Objective | KeyResult) -> int | None:
        """Micro percent; None of a yes-or-no, of which nothing is expected on the way, and of what is closed."""
        if self._is_final(one):
            return None
        expected = self.rows[one.pk].expected if isinstance(one, Objective) else self.paces.expected_of(one)
        return None if expected is None else expected.micro

    def status_of(self, one: Objective | KeyResult) -> str:
        if self._is_final(one):
            return "none"
        return self.rows[one.pk].status if isinstance(one, Objective) else self.paces.status_of(one)

    def _is_final(self, one: Objective | KeyResult) -> bool:
        key = one.pk if isinstance(one, Objective) else one.objective_id
        return self.rows[key].is_final


def measures_of(objectives: Iterable[Objective], on: datetime.date, organisation: Any) -> Measures:
    """With their periods and standing key results loaded. Two queries, for any number of them."""
    shown = list(objectives)
    periods = {each.period_id: each.period for each in shown}
    paces, policies = paces_in(periods.values(), on, organisation), policies_of(periods)
    return Measures(
        versions={key: policy.number for key, policy in policies.items()},
        rows={row.objective.pk: row for row in rows_of(shown, paces, policies)},
        paces=expected_of_key_results(
            (row, paces[each.period_id]) for each in shown for row in each.key_results.all()
        ),
    )
