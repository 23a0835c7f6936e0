"""The targets that a scenario would set: what both sides see before they agree is what is set."""

from decimal import Decimal

from performance.foundation import access
from performance.kpis import rules
from performance.kpis.models import Metric, Scenario, ScenarioState, SpreadWay, TargetKind
from performance.kpis.queries import planning, scenarios
from performance.kpis.queries.definitions import versions_in_force
from performance.kpis.queries.sights import EVERYTHING, Sight, sight_of


def metric_keys(scenario: Scenario) -> list[str]:
    """The metrics that get targets: the result, and what was moved."""
    return list(dict.fromkeys([scenario.metric.key, *scenario.moves]))


def planned_targets(scenario: Scenario, *, sight: Sight = EVERYTHING) -> list[planning.Plan]:
    """One plan for each metric, over the proposed months: what adds up by season where past years tell one, and evenly
    where not; what does not add up the same in each month. Raises PlanRefused."""
    after = {row["key"]: row["after"] for row in scenario.results}
    metrics = {one.key: one for one in Metric.objects.filter(key__in=metric_keys(scenario))}
    return [
        _plan(scenario, metrics[key], Decimal(after[key]), sight)
        for key in metric_keys(scenario)
        if after.get(key) is not None
    ]


def targets_shown(actor: access.Actor, scenario: Scenario) -> list[planning.Plan]:
    """What waits for approval, for those who decide on it and for its author; nothing where it could not be set."""
    is_its = actor.person_id == scenario.created_by_id or rules.can_decide_scenario(actor, scenario)
    if scenario.state != ScenarioState.PROPOSED or not is_its:
        return []
    try:
        return planned_targets(scenario, sight=sight_of(actor))
    except planning.PlanRefused:
        return []


def _plan(scenario: Scenario, metric: Metric, total: Decimal, sight: Sight) -> planning.Plan:
    months = scenarios.target_months(scenario)

    def spread(way: str) -> planning.Plan:
        asked = planning.SpreadAsked(
            kind=TargetKind.TARGET,
            first=months[0],
            months=len(months),
            total=total,
            way=way,
            slice=scenario.slice,
        )
        return planning.plan_of(metric, asked, sight)

    version = versions_in_force(months[0], [metric.pk]).get(metric.pk)
    if version is None or SpreadWay.FLAT in planning.ways_of(version):
        return spread(SpreadWay.FLAT)
    try:
        return spread(SpreadWay.SEASON)
    except planning.PlanRefused:
        return spread(SpreadWay.EVEN)
