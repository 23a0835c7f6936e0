"""Accepting the stage that cash flows propose."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from performance.foundation import access, audit
from performance.scoring import queries
from performance.scoring.actions.drafts import PolicyRefused, locked_row, refuse_own_weights
from performance.scoring.models import PolicyVersion, Stage


@transaction.atomic
def accept_stage(
    *, version: PolicyVersion, stage: str, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """Takes the proposed stage over into a draft, and keeps what proposed it. Signs only propose; a person decides on the
    `stage` that they have seen."""
    version = locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be edited."), code="not_a_draft")
    refuse_own_weights(version, by)
    proposal = queries.stage_proposal_for(version, weighing=queries.weighing_of(version), at=at)
    if proposal is None or not proposal.stage:
        raise PolicyRefused(_("Cash flows propose no stage now."), code="nothing_proposed")
    if proposal.stage != stage:
        raise PolicyRefused(
            _("Cash flows propose another stage by now: %(stage)s.") % {"stage": Stage(proposal.stage).label},
            code="conflict",
            field="stage",
        )
    before = version.stage
    version.stage, version.stage_evidence = proposal.stage, proposal.kept()
    version.drafted_by = by.person
    version.written_by = sorted({*version.written_by, by.person_id})
    version.save(update_fields=["stage", "stage_evidence", "drafted_by", "written_by"])
    audit.record(
        by=by,
        action="scoring.accept_stage",
        subject=version,
        changes={
            "stage": [before, version.stage],
            "months": [proposal.first_month, proposal.last_month],
        },
        at=at,
    )
    return version
