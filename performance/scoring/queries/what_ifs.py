"""What-ifs of policy owners: who sees which, what they suppose, and the plan that this comes to."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, tenancy
from performance.scoring import evidence, rules
from performance.scoring.models import WHOLE, PolicyVersion, PolicyWhatIf, Simulation, Stage
from performance.scoring.queries.policies import drafts_of, plan_with, weighing_of
from performance.scoring.queries.simulations import content_digest


def what_ifs_visible_to(actor: access.Actor) -> tenancy.TenantQuerySet:
    """Those kept under a name, for whoever makes policies or reads everything; what is not kept, for who asked alone."""
    found = PolicyWhatIf.objects.select_related("version__policy__unit", "version__period", "asked_by")
    if not rules.can_see_drafts(actor):
        return found.none()
    return found.filter(~Q(name="") | Q(asked_by=actor.person_id))


def kept_what_ifs(actor: access.Actor, version: PolicyVersion) -> list[PolicyWhatIf]:
    """Of one version, the newest first."""
    found = what_ifs_visible_to(actor).filter(version=version).exclude(name="")
    return list(found.order_by("-kept_at", "-pk"))


def what_ifs_named(actor: access.Actor, ids: list[uuid.UUID]) -> list[PolicyWhatIf]:
    """Those of the ids that the actor sees, in their order."""
    found = what_ifs_visible_to(actor).in_bulk(ids)
    return [found[each] for each in ids if each in found]


def simulations_of_what_if(what_if: PolicyWhatIf) -> list[Simulation]:
    """One a past period, oldest first. One query."""
    found = Simulation.objects.filter(what_if=what_if).select_related("period", "what_if__version__policy")
    return list(found.order_by("period__ends_on", "pk"))


def content_of(version: PolicyVersion) -> evidence.Content:
    """What a version says that may be supposed to be another. Two queries."""
    return evidence.Content(version.stage, version.alpha_quarters, tuple(drafts_of(version)))


def supposed_weighing(version: PolicyVersion, kept: Mapping[str, Any]) -> evidence.Weighing:
    """Base weights that are supposed are stated, also where the version finds them by comparisons in pairs."""
    weighing = weighing_of(version)
    judgements = {} if evidence.moves_a_base(kept) else weighing.judgements
    alpha = kept.get("alpha_quarters", weighing.alpha_quarters)
    return replace(weighing, alpha_quarters=alpha, judgements=judgements)


def supposed_plan(version: PolicyVersion, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The plan that the version would be locked with, if it said what is supposed.

    Raises engine.errors.InvalidInput where no weights hold all guardrails.
    """
    content = evidence.supposing(content_of(version), kept)
    return plan_with(version, list(content.components), supposed_weighing(version, kept), stage=content.stage)


def supposed_digest(what_if: PolicyWhatIf) -> str | None:
    """Of what the what-if comes to now; None where no weights hold all guardrails any more."""
    try:
        return content_digest(what_if.version, supposed_plan(what_if.version, what_if.supposed))
    except errors.InvalidInput:
        return None


@dataclass(frozen=True)
class Otherwise:
    """One thing that is supposed to be another: of which component (None: of the whole), and how it stands. Values are as
    the page writes them, curves as they are kept."""

    component: evidence.ComponentDraft | None
    kind: str
    label: str
    before: Any
    after: Any


def supposed_words(what_if: PolicyWhatIf) -> list[Otherwise]:
    """What a what-if supposes, in the order of the form. Two queries."""
    content = content_of(what_if.version)
    supposed = evidence.supposing(content, what_if.supposed)
    found = []
    if supposed.stage != content.stage:
        before, after = (str(Stage(each.stage).label) for each in (content, supposed))
        found.append(Otherwise(None, "words", _("Business stage"), before, after))
    if supposed.alpha_quarters != content.alpha_quarters:
        found.append(
            Otherwise(
                None, "alpha", _("Penalty for what is weak"), content.alpha_quarters, supposed.alpha_quarters
            )
        )
    for was, now in zip(content.components, supposed.components, strict=True):
        if was.base_ppm != now.base_ppm:
            found.append(Otherwise(now, "ppm", _("Base weight"), was.base_ppm, now.base_ppm))
        for stage in Stage:
            factors = [each.multipliers.get(stage.value, WHOLE) for each in (was, now)]
            if factors[0] != factors[1]:
                found.append(Otherwise(now, "factor", str(stage.label), *factors))
        if was.curve != now.curve:
            found.append(Otherwise(now, "curve", _("How the value becomes a score"), was.curve, now.curve))
    return found
