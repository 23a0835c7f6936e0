"""Who may do what with policies, runs and scores. Facts come as arguments; nothing here asks the database.

Separation of duties: whoever is scored by a policy neither writes, proposes, approves nor locks it; whoever proposed
it or wrote its text cannot approve it; one person never approves for both sides.
"""

from typing import Any

from performance.foundation import access
from performance.scoring.models import (
    PolicyVersion,
    PolicyWhatIf,
    RunState,
    Score,
    Side,
    VersionState,
)

MAKERS = ("hr", "administrator", "business_owner", "finance_owner")
KEEPERS = ("hr", "administrator")
SEE_ALL = ("hr", "auditor")
ROLE_OF_SIDE = {Side.BUSINESS: "business_owner", Side.FINANCE: "finance_owner"}


def can_see_drafts(actor: access.Actor) -> bool:
    return actor.has_role(*MAKERS, "auditor")


def can_draft_policy(actor: access.Actor) -> bool:
    return actor.has_role(*MAKERS) and not actor.only_reads


def can_write_weights(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    """Not their own weights. Those of the whole organisation weigh everybody: there HR and administrators write them
    nevertheless, and two people approve whom they do not score."""
    return can_draft_policy(actor) and (
        not is_scored or (version.policy.unit_id is None and actor.has_role(*KEEPERS))
    )


def can_edit_draft(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    return can_write_weights(actor, version, is_scored=is_scored) and version.state == VersionState.DRAFT


def can_propose_policy(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    return can_edit_draft(actor, version, is_scored=is_scored)


def can_simulate(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    return can_edit_draft(actor, version, is_scored=is_scored)


def can_suppose_weights(actor: access.Actor) -> bool:
    """Whoever makes policies, also one that scores them: a what-if changes nobody's weights."""
    return can_draft_policy(actor)


def can_keep_what_if(actor: access.Actor, what_if: PolicyWhatIf) -> bool:
    return can_suppose_weights(actor) and what_if.asked_by_id == actor.person_id and not what_if.is_kept


def can_forget_what_if(actor: access.Actor, what_if: PolicyWhatIf) -> bool:
    """Whoever asked, and HR and administrators, who keep house."""
    is_keeper = what_if.is_kept and actor.has_role(*KEEPERS)
    return can_suppose_weights(actor) and (is_keeper or what_if.asked_by_id == actor.person_id)


def can_keep_own_what_if(actor: access.Actor, score: Score) -> bool:
    return score.person_id == actor.person_id and not actor.only_reads


def can_draft_next(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    return can_write_weights(actor, version, is_scored=is_scored) and version.is_fixed


def can_approve_policy(actor: access.Actor, version: PolicyVersion, side: str, *, is_scored: bool) -> bool:
    return (
        version.state == VersionState.PROPOSED
        and side in ROLE_OF_SIDE
        and actor.has_role(ROLE_OF_SIDE[Side(side)])
        and not actor.only_reads
        and actor.person_id not in (version.proposed_by_id, version.drafted_by_id, *version.written_by)
        and not is_scored
    )


def can_return_policy(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    """The proposer may take it back; an approver may ask for a change, also after approving."""
    if actor.only_reads or version.state not in (VersionState.PROPOSED, VersionState.APPROVED):
        return False
    is_owner = actor.has_role(*ROLE_OF_SIDE.values())
    return version.proposed_by_id == actor.person_id or (is_owner and not is_scored)


def can_lock_policy(actor: access.Actor, version: PolicyVersion, *, is_scored: bool) -> bool:
    return can_write_weights(actor, version, is_scored=is_scored) and version.state == VersionState.APPROVED


def can_set_notice(actor: access.Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads


def can_compute_scores(actor: access.Actor) -> bool:
    return actor.has_role(*KEEPERS) and not actor.only_reads


def can_stop_run(actor: access.Actor, run: Any) -> bool:
    return can_compute_scores(actor) and run.is_open


def can_resume_run(actor: access.Actor, run: Any) -> bool:
    return can_compute_scores(actor) and run.state in (RunState.STOPPED, RunState.FAILED)


def can_close_check(actor: access.Actor, run: Any) -> bool:
    return can_compute_scores(actor) and run.wants_a_reason


def can_freeze_scores(actor: access.Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads


def can_see_restatements(actor: access.Actor) -> bool:
    """HR, auditors, and the owners, who decide. Others see on scorecards what became of it."""
    return actor.has_role(*SEE_ALL, *ROLE_OF_SIDE.values())


def can_ask_for_comparison(actor: access.Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads


def can_decide_restatement(
    actor: access.Actor, restatement: Any, side: str, *, is_scored: bool, has_decided: bool
) -> bool:
    """An owner of the side, once, about nobody's score but others', and not about what they have proposed."""
    return (
        restatement.is_proposed
        and side in ROLE_OF_SIDE
        and actor.has_role(ROLE_OF_SIDE[Side(side)])
        and not actor.only_reads
        and restatement.proposed_by_id != actor.person_id
        and not is_scored
        and not has_decided
    )


def sees_all_scores(actor: access.Actor) -> bool:
    """HR and auditors; everybody else sees their own and those of the people below them."""
    return actor.has_role(*SEE_ALL)


def sees_all_groups(actor: access.Actor) -> bool:
    """Scorecards of units and of the whole organisation: whoever weighs scores or reads all of them. Managers see those
    around their people, others none; and to nobody do they tell of people whose scores are not theirs to see."""
    return sees_all_scores(actor) or can_see_drafts(actor)


def can_ask_about_scores(actor: access.Actor) -> bool:
    """About every score that they may see."""
    return not actor.only_reads


def is_party_to_question(actor: access.Actor, question: Any, *, is_answerer: bool) -> bool:
    """Two sides speak, and either may close it: whoever asked, and whoever was asked. Others read at most."""
    return (is_answerer or actor.person_id == question.asked_by_id) and not actor.only_reads


def can_post_in_question(actor: access.Actor, question: Any, *, is_answerer: bool) -> bool:
    return is_party_to_question(actor, question, is_answerer=is_answerer) and question.is_open
