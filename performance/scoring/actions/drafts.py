"""Drafting a weight policy: its first version, the next one, and what it says."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from performance.foundation import access, audit, i18n, refusals
from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring import evidence, queries, rules
from performance.scoring.actions import market as market_rules
from performance.scoring.models import (
    WHOLE,
    PolicyComponent,
    PolicyVersion,
    PolicyWhatIf,
    Simulation,
    SimulationState,
    StageMultiplier,
    WeightPolicy,
    usual_bands,
)


class PolicyRefused(refusals.Refused):
    """A step in a policy's life that its rules do not allow."""


@transaction.atomic
def draft_policy(
    *,
    name_en: str,
    name_zh: str,
    unit: people.BusinessUnit | None,
    period: people.Period,
    stage: str,
    missing: str,
    step_cap_ppm: int | None,
    components: Sequence[evidence.ComponentDraft],
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    bands: Sequence[evidence.Band] | None = None,
    market: Sequence[evidence.RuleDraft] | None = None,
    weighing: evidence.Weighing | None = None,
    starts_on: datetime.date | None = None,
) -> PolicyVersion:
    """A policy of its own for a unit (None: everybody without another), as version 1."""
    if WeightPolicy.objects.filter(unit=unit).exists():
        raise PolicyRefused(
            _("There is a policy for these people already. Draft its next version instead."),
            code="policy_exists",
            field="unit",
        )
    policy = WeightPolicy.objects.create(name_en=name_en, name_zh=name_zh, unit=unit, created_at=at)
    version = _new_version(policy, 1, period, by=by, at=at)
    return revise_draft(
        version=version,
        period=period,
        stage=stage,
        missing=missing,
        step_cap_ppm=step_cap_ppm,
        components=components,
        bands=bands,
        market=market,
        weighing=weighing,
        starts_on=starts_on,
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic
def draft_next_version(
    *, policy: WeightPolicy, period: people.Period, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """A copy of the newest version to change. One version is in the making at a time."""
    WeightPolicy.objects.select_for_update().get(pk=policy.pk)
    latest = PolicyVersion.objects.filter(policy=policy).order_by("-number").first()
    if latest is None or not latest.is_fixed:
        raise PolicyRefused(_("A version is in the making already."), code="conflict")
    version = _new_version(policy, latest.number + 1, period, by=by, at=at)
    return revise_draft(
        version=version,
        period=period,
        stage=latest.stage,
        missing=latest.missing,
        step_cap_ppm=latest.step_cap_ppm,
        components=queries.drafts_of(latest),
        bands=evidence.bands_from(latest.bands or usual_bands()),
        market=queries.rules_of(latest),
        weighing=queries.weighing_of(latest),
        by=by,
        at=at,
    )


@transaction.atomic
def revise_draft(
    *,
    version: PolicyVersion,
    period: people.Period,
    stage: str,
    missing: str,
    step_cap_ppm: int | None,
    components: Sequence[evidence.ComponentDraft],
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    bands: Sequence[evidence.Band] | None = None,
    market: Sequence[evidence.RuleDraft] | None = None,
    weighing: evidence.Weighing | None = None,
    starts_on: datetime.date | None = None,
) -> PolicyVersion:
    """Replaces the content of a draft, which is a policy already: weights that add up, curves that can be drawn.

    Without `bands`, `market` or `weighing` those stay as they are. `starts_on` is the day from which it is meant to govern,
    the period's first day where none is named.
    """
    version = locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be edited."), code="not_a_draft")
    weighing = weighing or queries.weighing_of(version)
    components = evidence.by_pairs(components, weighing)
    found = evidence.troubles(
        components,
        step_cap_ppm=step_cap_ppm,
        previous_ppm=queries.previous_weights(version, period),
        weighing=weighing,
    )
    if found:
        place = "components" if found[0].key or found[0].field == "base" else found[0].field
        raise PolicyRefused(described(found[0], components), code=found[0].code, field=place)
    wrong = evidence.band_troubles(bands or ())
    if wrong:
        raise PolicyRefused(str(wrong[0].message), code=wrong[0].code, field="bands")
    rules_now = queries.rules_of(version) if market is None else market
    refuse_wrong_rules(rules_now, components)
    for rule in queries.closed_rules(rules_now, version, by):
        refuse_rule(rule, "part_closed", "metric")
    _refuse_unsigned_flows(version, weighing)
    if starts_on is not None and not period.starts_on <= starts_on <= period.ends_on:
        raise PolicyRefused(_("The day lies outside the period."), code="outside_period", field="starts_on")
    version.starts_on = None if starts_on == period.starts_on else starts_on
    version.period, version.stage, version.missing = period, stage, missing
    if version.stage_evidence and version.stage_evidence["stage"] != stage:
        version.stage_evidence = None
    version.bands = version.bands if bands is None else evidence.kept_bands(bands)
    version.step_cap_ppm, version.reason = step_cap_ppm, reason
    for name, value in weighing.kept().items():
        setattr(version, name, value)
    refuse_own_weights(version, by)
    version.drafted_by = by.person
    version.written_by = sorted({*version.written_by, by.person_id})
    version.save(
        update_fields=[
            "period",
            "starts_on",
            "stage",
            "stage_evidence",
            "missing",
            "step_cap_ppm",
            "bands",
            "reason",
            "drafted_by",
            "written_by",
            *weighing.kept(),
        ]
    )
    _replace_components(version, components, rules_now)
    audit.record(
        by=by,
        action="scoring.draft_policy",
        subject=version,
        changes={draft.key: draft.base_ppm for draft in components}
        | {"market_rules": market_rules.told(rules_now)}
        | weighing.told(),
        at=at,
    )
    return version


@transaction.atomic
def discard_draft(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> None:
    """Throws a draft away; with it the policy, when it never had another version."""
    version = locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be discarded."), code="not_a_draft")
    audit.record(by=by, action="scoring.discard_draft", subject=version, at=at)
    forget_simulations(Simulation.objects.filter(version=version))
    forget_what_ifs(PolicyWhatIf.objects.filter(version=version))
    _replace_components(version, [], [])
    policy = version.policy
    version.delete()
    if not PolicyVersion.objects.filter(policy=policy).exists():
        policy.delete()


def forget_simulations(simulations: QuerySet[Simulation]) -> None:
    """Nobody finds them any more; `clear_forgotten` takes them away with their results, which may be many. A worker in
    one of them ends its batch first, and then finds it gone."""
    ids = list(simulations.select_for_update(of=("self",)).values_list("pk", flat=True))
    Simulation.objects.filter(pk__in=ids).update(
        state=SimulationState.FORGOTTEN, version=None, what_if=None, held_until=None
    )


def forget_what_ifs(what_ifs: QuerySet[PolicyWhatIf]) -> None:
    """With what came out."""
    ids = list(what_ifs.values_list("pk", flat=True))
    forget_simulations(Simulation.objects.filter(what_if__in=ids))
    PolicyWhatIf.objects.filter(pk__in=ids).delete()


def locked_row(version: PolicyVersion) -> PolicyVersion:
    """The row as it is now, held until the end of the transaction: two approvals at once queue up here."""
    rows = PolicyVersion.objects.select_for_update(of=("self",)).select_related("policy", "period")
    return rows.get(pk=version.pk)


def _new_version(
    policy: WeightPolicy, number: int, period: people.Period, *, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    return PolicyVersion.objects.create(
        policy=policy,
        number=number,
        period=period,
        drafted_by=by.person,
        written_by=[by.person_id],
        drafted_at=at,
    )


def _replace_components(
    version: PolicyVersion,
    components: Sequence[evidence.ComponentDraft],
    market: Sequence[evidence.RuleDraft],
) -> None:
    market_rules.clear_rules(version)
    StageMultiplier.objects.filter(component__version=version).delete()
    PolicyComponent.objects.filter(version=version).delete()
    rows = [
        PolicyComponent(
            version=version,
            key=draft.key,
            name_en=draft.name_en,
            name_zh=draft.name_zh,
            category=draft.category,
            source_kind=draft.source_kind,
            source_ref=draft.source_ref,
            slice=draft.slice,
            base_ppm=draft.base_ppm,
            min_ppm=draft.min_ppm,
            max_ppm=draft.max_ppm,
            curve=dict(draft.curve),
            color=draft.color,
            position=position,
        )
        for position, draft in enumerate(components)
    ]
    PolicyComponent.objects.bulk_create(rows)
    StageMultiplier.objects.bulk_create(
        StageMultiplier(component=row, stage=stage, factor_ppm=factor)
        for row, draft in zip(rows, components, strict=True)
        for stage, factor in draft.multipliers.items()
    )
    market_rules.write_rules(version, market, {row.key: row for row in rows})


def refuse_own_weights(version: PolicyVersion, by: access.Actor) -> None:
    """Whoever is scored by the weights does not make them."""
    is_scored = queries.is_in_scope(version, by.person_id)
    if is_scored and not rules.can_write_weights(by, version, is_scored=is_scored):
        raise PolicyRefused(
            _("You are scored by this policy; somebody whom it does not score writes its weights."),
            code="is_scored",
        )


def refuse_scored_authors(version: PolicyVersion) -> None:
    """Weights of a unit are not locked while somebody who made them has come to be scored by them. Those of the whole
    organisation score whoever could write them."""
    if version.policy.unit_id is None:
        return
    authors = [version.drafted_by_id, version.proposed_by_id, *version.written_by]
    if queries.people_in_scope(version).filter(pk__in=[each for each in authors if each]).exists():
        raise PolicyRefused(
            _("An author has come to be scored by this policy. Return it and let somebody else write it."),
            code="is_scored",
        )


def _refuse_unsigned_flows(version: PolicyVersion, weighing: evidence.Weighing) -> None:
    """A metric that is named anew as a cash flow is one that both sides have certified and that adds up over months."""
    before = queries.weighing_of(version).flows
    anew = {kind: key for kind, key in weighing.flows.items() if key and key != before[kind]}
    known = {each.metric.key for each in queries.flow_metrics()} if anew else set()
    for kind, key in anew.items():
        if key not in known:
            raise PolicyRefused(
                _(
                    "A cash flow is read from a metric that both sides have certified and that adds up over months."
                ),
                code="flow_not_certified",
                field=f"cash_{kind}",
            )


def refuse_contradictions(version: PolicyVersion) -> None:
    """Comparisons that contradict each other say nothing of what is important: the one furthest from the rest is named,
    to be looked at again."""
    drafts = queries.drafts_of(version)
    found = evidence.kept_pairs(version.judgements, [draft.key for draft in drafts])
    if found is None or found["is_consistent"]:
        return
    names = {draft.key: i18n.local(draft, "name") for draft in drafts}
    one, other = (names[key] for key in found["worst"])
    ratio, most = (
        formats.number(Decimal(found[name]) / WHOLE, 2) for name in ("consistency_ppm", "accepted_ppm")
    )
    raise PolicyRefused(
        _(
            "The comparisons contradict each other: their consistency ratio is %(ratio)s, and %(most)s is the most. Look "
            "again at %(one)s and %(other)s."
        )
        % {"ratio": ratio, "most": most, "one": one, "other": other},
        code="inconsistent",
        field="judgements",
    )


def refuse_uncertified_metrics(version: PolicyVersion) -> None:
    """What nobody has signed does not decide about people."""
    for component in queries.uncertified_components(version):
        trouble = evidence.Trouble("metric_not_certified", component.key, "source")
        raise PolicyRefused(described(trouble, [component]), code=trouble.code, field="components")
    for rule in queries.uncertified_rules(version):
        refuse_rule(rule, "signal_not_certified", "metric")


def refuse_scored_signals(version: PolicyVersion) -> None:
    """Whoever is scored by a unit's weights does not answer for a number that moves them. Weights of the whole
    organisation score whoever owns a metric."""
    if version.policy.unit_id is None:
        return
    for rule in queries.rules_owned_by_the_scored(version):
        refuse_rule(rule, "owner_is_scored", "metric")


def refuse_wrong_rules(
    rules_given: Sequence[evidence.RuleDraft], components: Sequence[evidence.ComponentDraft]
) -> None:
    """Raises PolicyRefused for the first market rule that moves nothing as it is."""
    keys = {draft.key for draft in components}
    for trouble in evidence.rule_troubles(rules_given, keys):
        named = next((rule.name for rule in rules_given if rule.key == trouble.key), "")
        words = f"{named}{formats.mark(':')}{trouble.message}" if named else str(trouble.message)
        raise PolicyRefused(words, code=trouble.code, field="market_rules")


def refuse_rule(rule: evidence.RuleDraft, code: str, place: str) -> None:
    """Raises PolicyRefused: this rule cannot stand."""
    trouble = evidence.RuleTrouble(code, rule.key, place)
    raise PolicyRefused(f"{rule.name}{formats.mark(':')}{trouble.message}", code=code, field="market_rules")


def described(
    trouble: evidence.Trouble, components: Iterable[evidence.ComponentDraft | PolicyComponent]
) -> str:
    """What is wrong, with the component that it is about by name."""
    named = next(
        (i18n.local(component, "name") for component in components if component.key == trouble.key), ""
    )
    return f"{named}{formats.mark(':')}{trouble.message}" if named else str(trouble.message)
