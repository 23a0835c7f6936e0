"""What somebody supposes of a score of their own, kept for them alone."""

import datetime
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, audit, refusals
from performance.scoring import evidence, queries, rules
from performance.scoring.models import Score, ScoreWhatIf

MOST_KEPT = 50


class WhatIfRefused(refusals.Refused):
    """What is supposed cannot be reckoned or kept."""


def suppose_score(*, score: Score, supposition: queries.Supposition) -> queries.Supposed:
    """The score as it would be. Raises WhatIfRefused where no weights hold all guardrails in that stage."""
    try:
        return queries.supposed_otherwise(score, supposition)
    except errors.InvalidInput as refusal:
        raise WhatIfRefused(str(evidence.Trouble(refusal.code, None).message), code=refusal.code) from refusal


@transaction.atomic
def keep_own_what_if(
    *, score: Score, supposition: queries.Supposition, name: str, by: access.Actor, at: datetime.datetime
) -> ScoreWhatIf:
    """Keeps it with what came out, for whoever the score is of."""
    access.require(rules.can_keep_own_what_if(by, score))
    kept, name = supposition.kept(), name.strip()
    if not name:
        raise WhatIfRefused(_("Give it a name."), code="unnamed", field="name")
    if not kept:
        raise WhatIfRefused(_("Move something first: this is your score as it is."), code="nothing_supposed")
    if ScoreWhatIf.objects.filter(person=by.person).count() >= MOST_KEPT:
        raise WhatIfRefused(_("You keep fifty what-ifs already. Forget one first."), code="too_many")
    found = suppose_score(score=score, supposition=supposition)
    what_if = ScoreWhatIf.objects.create(
        person=by.person,
        score=score,
        name=name,
        supposed=kept,
        before_micro=found.before,
        after_micro=found.after,
        kept_at=at,
    )
    # That it was kept is on record; what somebody hopes or fears of their score is theirs.
    audit.record(by=by, action="scoring.keep_own_what_if", subject=score, at=at)
    return what_if


@transaction.atomic
def forget_own_what_if(*, what_if_id: uuid.UUID, by: access.Actor, at: datetime.datetime) -> None:
    """Takes it away."""
    access.require(not by.only_reads)
    found = access.get_or_404(ScoreWhatIf.objects.filter(person=by.person_id), pk=what_if_id)
    audit.record(by=by, action="scoring.forget_own_what_if", subject=found.score, at=at)
    found.delete()
