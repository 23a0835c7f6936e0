"""Scenarios: saved, shared, reckoned anew, proposed, and decided on by both sides. Approved ones become targets."""

import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties
from performance.inbox import actions as inbox
from performance.kpis import queries, rules, semantics
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.actions.targets import set_targets
from performance.kpis.models import (
    Scenario,
    ScenarioApproval,
    ScenarioState,
    Side,
)
from performance.kpis.queries import months, scenario_targets, scenarios, whatif

SCENARIO_WORK = "metrics.scenario"


def save_scenario(
    *, told: whatif.WhatIf, name: str, reason: str, by: access.Actor, at: datetime.datetime
) -> Scenario:
    """Keeps what was tried, for its author alone. Raises MetricRefused where nothing is moved or it has no result."""
    name, reason = name.strip(), reason.strip()
    if not name:
        raise MetricRefused(_("Give it a name."), code="name", field="name")
    if not reason:
        raise MetricRefused(_("Say what the scenario assumes and why."), code="reason", field="reason")
    ground = told.ground
    with transaction.atomic():
        scenario = Scenario(
            metric=ground.metric,
            name=name,
            reason=reason,
            since=ground.since,
            until=ground.until,
            slice=dict(ground.within),
            slice_key=semantics.slice_key(ground.within),
            moves={key: [way, format(number, "f")] for key, (way, number) in told.moves.given.items()},
            volume=told.moves.volume,
            created_by=by.person,
            created_at=at,
        )
        _reckon(scenario, told, at)
        scenario.save(force_insert=True)
        audit.record(by=by, action="kpis.save_scenario", subject=scenario, at=at)
    return scenario


def share_scenario(*, scenario: Scenario, by: access.Actor, at: datetime.datetime) -> Scenario:
    """Everybody who sees the metric sees it from now on."""
    with transaction.atomic():
        kept = _locked(scenario)
        if kept.state != ScenarioState.PRIVATE:
            raise MetricRefused(_("It is shared already."), code="conflict")
        _move(kept, ScenarioState.SHARED, "kpis.share_scenario", by, at)
    return kept


def reckon_scenario(*, scenario: Scenario, by: access.Actor, at: datetime.datetime) -> Scenario:
    """The same moves over the values and definitions of today. Raises MetricRefused ("closed" where some of the values
    are closed to whoever asks)."""
    with transaction.atomic():
        kept = _locked(scenario)
        if not kept.is_open:
            raise MetricRefused(_("It is its author's to change until it is proposed."), code="conflict")
        before = kept.results[0]["after"]
        _reckon(kept, _today(kept, by), at)
        kept.save(update_fields=["versions", "base", "results", "reckoned_at"])
        audit.record(
            by=by,
            action="kpis.reckon_scenario",
            subject=kept,
            at=at,
            changes={"value": [before, kept.results[0]["after"]]},
        )
    return kept


def propose_scenario(
    *, scenario: Scenario, target_from: datetime.date, by: access.Actor, at: datetime.datetime
) -> Scenario:
    """Asks both sides to turn it into targets of as many months as it was reckoned over, from `target_from` on.

    Raises MetricRefused, or ScoredRefused where its author is scored by one of the metrics.
    """
    with transaction.atomic():
        kept = _locked(scenario)
        if not kept.is_open:
            raise MetricRefused(_("It has been proposed already."), code="conflict")
        if not scenarios.number_of_months(kept):
            message = _("Only a scenario over whole months becomes targets.")
            raise MetricRefused(message, code="months", field="target_from")
        _judge_fresh(kept)
        duties.refuse_scored_by(by, queries.keys_resting_on(scenario_targets.metric_keys(kept)))
        deciding = scenarios.deciders(kept)
        if not all(deciding.values()) or len({one.pk for each in deciding.values() for one in each}) < len(
            Side
        ):
            message = _("Nobody can approve it for one of the sides. Have somebody given the role first.")
            raise MetricRefused(message, code="nobody")
        kept.target_from, kept.proposed_at = months.first_of(target_from), at
        _move(
            kept, ScenarioState.PROPOSED, "kpis.propose_scenario", by, at, also=["target_from", "proposed_at"]
        )
        for person in {one.pk: one for each in deciding.values() for one in each}.values():
            _ask(kept, person, by, at)
    return kept


def renew_scenario(*, scenario: Scenario, by: access.Actor, at: datetime.datetime) -> Scenario:
    """Proposes what is stale anew in one step: a copy of its moves is reckoned by today's values and definitions and
    waits for both sides, whatever one of them agreed to before; the former is withdrawn. Answers with the new one.

    Raises MetricRefused where it is not stale or rests on values that are closed to whoever asks, or like
    `propose_scenario`.
    """
    with transaction.atomic():
        former = _locked(scenario)
        if former.state != ScenarioState.PROPOSED or former.target_from is None:
            raise MetricRefused(_("This scenario does not wait for approval."), code="conflict")
        told = _today(former, by)
        if not scenarios.staleness_of(former, told):
            raise MetricRefused(_("Its numbers are those of today."), code="fresh")
        reason = _("Values or definitions have changed since it was proposed; it is proposed anew.")
        _close(former, ScenarioState.WITHDRAWN, "kpis.withdraw_scenario", str(reason), by, at)
        renewed = save_scenario(told=told, name=former.name, reason=former.reason, by=by, at=at)
        _move(renewed, ScenarioState.SHARED, "kpis.share_scenario", by, at)
        return propose_scenario(scenario=renewed, target_from=former.target_from, by=by, at=at)


def approve_scenario(*, scenario: Scenario, side: str, by: access.Actor, at: datetime.datetime) -> bool:
    """One side agrees. Answers whether it is approved by both, and its targets are set, now.

    Raises MetricRefused ("conflict" where values or definitions have changed since), ScoredRefused for whoever is
    scored by one of the metrics, and PlanRefused where one of them takes no target.
    """
    with transaction.atomic():
        kept = _locked(scenario)
        if kept.state != ScenarioState.PROPOSED:
            raise MetricRefused(_("This scenario does not wait for approval."), code="conflict")
        if side not in rules.sides_deciding(by, kept):
            raise MetricRefused(_("Each owner approves for the own side only."), code="not_your_side")
        given = {one.side: one.person_id for one in kept.approvals.all()}
        if side in given:
            raise MetricRefused(_("This side has approved it already."), code="conflict")
        if by.person_id in given.values():
            raise MetricRefused(
                _("You have approved it for the other side: it takes two people."), code="two_people"
            )
        _judge_fresh(kept)
        duties.refuse_scored_by(by, queries.keys_resting_on(scenario_targets.metric_keys(kept)))
        ScenarioApproval.objects.create(scenario=kept, side=side, person=by.person, at=at)
        asked = scenarios.deciders(kept)[side]
        for person in asked:
            inbox.resolve_work(kind=SCENARIO_WORK, subject_id=kept.pk, to=person, by=by, at=at)
        audit.record(by=by, action="kpis.approve_scenario", subject=kept, at=at, changes={"side": side})
        if {*given, side} != set(Side.values):
            _ask_again(kept, {*given, side}, by, at)
            return False
        _set_targets(kept, by, at)
        kept.closed_by, kept.closed_at = by.person, at
        _move(
            kept,
            ScenarioState.APPROVED,
            "kpis.put_scenario_in_force",
            by,
            at,
            also=["closed_by", "closed_at"],
        )
        inbox.resolve_work(kind=SCENARIO_WORK, subject_id=kept.pk, by=by, at=at)
    return True


def decline_scenario(*, scenario: Scenario, reason: str, by: access.Actor, at: datetime.datetime) -> Scenario:
    """One of the sides does not agree; no target changes."""
    return _close(scenario, ScenarioState.DECLINED, "kpis.decline_scenario", reason, by, at)


def withdraw_scenario(
    *, scenario: Scenario, reason: str, by: access.Actor, at: datetime.datetime
) -> Scenario:
    """Its author takes it back."""
    return _close(scenario, ScenarioState.WITHDRAWN, "kpis.withdraw_scenario", reason, by, at)


def _close(
    scenario: Scenario, state: str, action: str, reason: str, by: access.Actor, at: datetime.datetime
) -> Scenario:
    reason = reason.strip()
    if not reason:
        raise MetricRefused(_("Say why."), code="reason", field="reason")
    with transaction.atomic():
        kept = _locked(scenario)
        is_waiting = kept.state == ScenarioState.PROPOSED
        if not is_waiting and not (kept.is_open and state == ScenarioState.WITHDRAWN):
            raise MetricRefused(_("This scenario is closed already."), code="conflict")
        kept.closed_by, kept.closed_at, kept.closing_reason = by.person, at, reason
        fields = ["closed_by", "closed_at", "closing_reason"]
        _move(kept, state, action, by, at, also=fields, why=reason)
        inbox.resolve_work(kind=SCENARIO_WORK, subject_id=kept.pk, by=by, at=at)
    return kept


def _move(
    scenario: Scenario,
    state: str,
    action: str,
    by: access.Actor,
    at: datetime.datetime,
    *,
    also: Any = (),
    why: str = "",
) -> None:
    before, scenario.state = scenario.state, state
    scenario.save(update_fields=["state", *also])
    audit.record(by=by, action=action, subject=scenario, at=at, why=why, changes={"state": [before, state]})


def _reckon(scenario: Scenario, told: whatif.WhatIf, at: datetime.datetime) -> None:
    if not told.brought:
        raise MetricRefused(_("Nothing is moved. Move a driver first."), code="no_move")
    if told.refusal:
        raise MetricRefused(told.refusal, code="no_result")
    lines = [told.result, *(line for line in told.tree[1:] if line.change), *told.others]
    scenario.versions, scenario.base, scenario.reckoned_at = dict(told.versions), dict(told.base), at
    scenario.results = [
        {"key": line.metric.key, "before": audit.plain(line.before), "after": audit.plain(line.after)}
        for line in lines
    ]


def _today(scenario: Scenario, by: access.Actor) -> whatif.WhatIf:
    """As whoever asks sees it: one's own scenario stays in sight where its figures are closed by now, and reckoned
    anew it would tell those of today."""
    sight = queries.sight_of(by)
    told = scenarios.told_today(scenario, sight)
    if told is None:
        raise MetricRefused(_("Its metric has no definition in force any more."), code="gone")
    if sight.guards:
        everything = scenarios.told_today(scenario)
        if everything is None or everything.base != told.base:
            message = _("It rests on figures outside your branch. Only whoever sees them reckons it anew.")
            raise MetricRefused(message, code="closed")
    return told


def _judge_fresh(scenario: Scenario) -> None:
    """Nobody decides on numbers that are no longer true."""
    if scenarios.staleness_of(scenario, scenarios.told_today(scenario)):
        message = (
            _("Values or definitions have changed since it was reckoned. Have it reckoned anew first.")
            if scenario.is_open
            else _(
                "Values or definitions have changed since it was proposed. Its author has to propose it anew."
            )
        )
        raise MetricRefused(message, code="stale")


def _set_targets(scenario: Scenario, by: access.Actor, at: datetime.datetime) -> None:
    for plan in scenario_targets.planned_targets(scenario):
        set_targets(
            metric=plan.metric,
            kind=plan.kind,
            rows=[(row.month, row.slice, row.after) for row in plan.rows],
            by=by,
            at=at,
            why=scenario.name,
        )


def _ask(scenario: Scenario, person: Any, by: access.Actor, at: datetime.datetime) -> None:
    metric = scenario.metric
    inbox.assign_work(
        to=person,
        kind=SCENARIO_WORK,
        subject_id=scenario.pk,
        title_en=f"Decide on “{scenario.name}”, a scenario of {metric.name_en}",
        title_zh=f"决定是否批准“{scenario.name}”（{metric.name_zh or metric.name_en}的情景）",
        detail_en=scenario.reason[:200],
        detail_zh=scenario.reason[:200],
        url=reverse("kpis:scenario", args=[scenario.pk]),
        by=by,
        at=at,
    )


def _ask_again(scenario: Scenario, done: set[str], by: access.Actor, at: datetime.datetime) -> None:
    """Whoever may decide for both sides is still asked for the other one."""
    waiting = {
        one.pk: one for side, each in scenarios.deciders(scenario).items() if side not in done for one in each
    }
    for person in waiting.values():
        if person.pk != by.person_id:
            _ask(scenario, person, by, at)


def _locked(scenario: Scenario) -> Scenario:
    return (
        Scenario.objects.select_for_update(of=("self",))
        .select_related("metric__business_owner", "metric__finance_owner", "created_by")
        .get(pk=scenario.pk)
    )
