"""What-ifs of policy owners: tried on past periods, kept under a name, compared, taken over into a draft, forgotten."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, audit, tenancy
from performance.people import models as people
from performance.scoring import evidence, queries, rules
from performance.scoring.actions.drafts import (
    PolicyRefused,
    described,
    draft_next_version,
    forget_what_ifs,
    revise_draft,
)
from performance.scoring.actions.simulations import advance_simulation, take_simulation
from performance.scoring.models import (
    PolicyVersion,
    PolicyWhatIf,
    Simulation,
    VersionState,
)

#: For so many people a what-if is reckoned while its asker waits; for more, a worker does it.
AT_ONCE = 500
#: What is not kept goes after this time, or once its asker asks for another one.
HELD = datetime.timedelta(days=1)
CLEARED_AT_ONCE = 200


@transaction.atomic
def try_what_if(
    *, version: PolicyVersion, supposed: evidence.Content, by: access.Actor, at: datetime.datetime
) -> PolicyWhatIf:
    """Asks who would have moved in the latest past periods if the version said what is supposed. The version stays as it
    is. What the asker had tried on the same version and not kept is forgotten."""
    access.require(rules.can_suppose_weights(by))
    kept = evidence.differences(queries.content_of(version), supposed)
    if not kept:
        raise PolicyRefused(
            _("Change something first: this is what the version says."), code="nothing_supposed"
        )
    plan = _plan(version, supposed, kept)
    periods = queries.periods_to_simulate(version, queries.day_of(at))
    if not periods:
        raise PolicyRefused(
            _("No period that is over has scores of these people: there is nothing to simulate on."),
            code="nothing_to_simulate",
        )
    forget_what_ifs(PolicyWhatIf.objects.filter(version=version, asked_by=by.person, name=""))
    what_if = PolicyWhatIf.objects.create(version=version, supposed=kept, asked_by=by.person, asked_at=at)
    digest = queries.content_digest(version, plan)
    total = queries.people_in_scope(version).count()
    Simulation.objects.bulk_create(
        Simulation(
            what_if=what_if,
            period=period,
            digest=digest,
            plan=plan,
            total=total,
            asked_by=by.person,
            asked_at=at,
        )
        for period in periods
    )
    audit.record(by=by, action="scoring.try_what_if", subject=version, changes={"supposed": kept}, at=at)
    return what_if


def carry_out_at_once(what_if: PolicyWhatIf, *, at: datetime.datetime) -> list[Simulation]:
    """Reckons the simulations of a what-if where its people are few. Returns those left to a worker."""
    left = []
    for simulation in queries.simulations_of_what_if(what_if):
        if simulation.total > AT_ONCE:
            left.append(simulation)
        elif take_simulation(simulation_id=simulation.pk, at=at):
            while advance_simulation(simulation_id=simulation.pk, at=at):
                pass
    return left


@transaction.atomic
def keep_what_if(
    *, what_if: PolicyWhatIf, name: str, by: access.Actor, at: datetime.datetime
) -> PolicyWhatIf:
    """Keeps what somebody tried under a name, for all who make policies."""
    what_if = _locked(what_if)
    access.require(rules.can_keep_what_if(by, what_if))
    name = name.strip()
    if not name:
        raise PolicyRefused(_("Give it a name."), code="unnamed", field="name")
    what_if.name, what_if.kept_at = name, at
    try:
        with transaction.atomic():
            what_if.save(update_fields=["name", "kept_at"])
    except IntegrityError as taken:
        raise PolicyRefused(
            _("Another what-if of this version is kept under this name."), code="name_taken", field="name"
        ) from taken
    audit.record(
        by=by,
        action="scoring.keep_what_if",
        subject=what_if,
        changes={"name": name, "supposed": what_if.supposed},
        at=at,
    )
    return what_if


@transaction.atomic
def forget_what_if(*, what_if: PolicyWhatIf, by: access.Actor, at: datetime.datetime) -> None:
    """Takes it away with what came out."""
    what_if = _locked(what_if)
    access.require(rules.can_forget_what_if(by, what_if))
    audit.record(
        by=by,
        action="scoring.forget_what_if",
        subject=what_if.version,
        changes={"name": what_if.name, "supposed": what_if.supposed},
        at=at,
    )
    forget_what_ifs(PolicyWhatIf.objects.filter(pk=what_if.pk))


@transaction.atomic
def draft_from_what_if(
    *, what_if: PolicyWhatIf, period: people.Period | None, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """Writes what is supposed into the draft that it was tried on; where that is a version in force, into the next
    version, for `period`. From there it goes the way of every draft."""
    version = PolicyVersion.objects.select_related("policy", "period").get(pk=what_if.version_id)
    if version.state in (VersionState.PROPOSED, VersionState.APPROVED):
        raise PolicyRefused(_("Only a draft can be edited."), code="not_a_draft")
    is_scored = queries.is_in_scope(version, by.person_id)
    if version.is_draft:
        access.require(rules.can_edit_draft(by, version, is_scored=is_scored))
        draft = version
    else:
        access.require(rules.can_draft_next(by, version, is_scored=is_scored))
        if PolicyVersion.objects.filter(policy=version.policy_id, number__gt=version.number).exists():
            raise PolicyRefused(
                _("A newer version follows this one. Try the what-if on that one."), code="conflict"
            )
        if period is None:
            raise PolicyRefused(_("Open a period first."), code="no_period", field="period")
        draft = draft_next_version(policy=version.policy, period=period, by=by, at=at)
    content = evidence.supposing(queries.content_of(version), what_if.supposed)
    return revise_draft(
        version=draft,
        period=draft.period,
        stage=content.stage,
        missing=draft.missing,
        step_cap_ppm=draft.step_cap_ppm,
        components=list(content.components),
        weighing=queries.supposed_weighing(version, what_if.supposed),
        starts_on=draft.starts_on,
        reason=draft.reason
        or (_("From the what-if “%(name)s”.") % {"name": what_if.name} if what_if.name else ""),
        by=by,
        at=at,
    )


@transaction.atomic
def clear_old_what_ifs(*, at: datetime.datetime) -> int:
    """Forgets what was tried and never kept, once its time is over. Returns how many."""
    old = PolicyWhatIf.objects.filter(name="", asked_at__lt=at - HELD).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    forget_what_ifs(PolicyWhatIf.objects.filter(pk__in=ids))
    return len(ids)


def _plan(version: PolicyVersion, supposed: evidence.Content, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The plan that it comes to. Raises PolicyRefused for what could not be a policy."""
    found = evidence.troubles(
        supposed.components,
        step_cap_ppm=version.step_cap_ppm,
        previous_ppm=queries.previous_weights(version),
        weighing=queries.supposed_weighing(version, kept),
    )
    if found:
        raise PolicyRefused(described(found[0], supposed.components), code=found[0].code, field="components")
    try:
        return queries.supposed_plan(version, kept)
    except errors.InvalidInput as refusal:
        raise PolicyRefused(evidence.Trouble(refusal.code, None).message, code=refusal.code) from refusal


def _locked(what_if: PolicyWhatIf) -> PolicyWhatIf:
    rows: tenancy.TenantQuerySet = PolicyWhatIf.objects.select_for_update(of=("self",))
    found: PolicyWhatIf = rows.select_related("version__policy").get(pk=what_if.pk)
    return found
