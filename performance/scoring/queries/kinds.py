"""What the work is like that weights put before people."""

from django.utils.translation import gettext_noop

from performance.inbox.kinds import Kind
from performance.scoring.models import ANSWER, LINE_QUESTION, NUMBER_QUESTION, RESTATED, RESTATEMENT


def work_kinds() -> tuple[Kind, ...]:
    """Every owner of a side is asked to approve already; so nobody is asked in their place. A question about goals or
    about a whole score falls to whoever leads next; one about a number stays with those who answer for it."""
    return (
        Kind("performance.approval", gettext_noop("An approval of weights"), goes_up=True),
        Kind("performance.policy_lock", gettext_noop("The locking of weights"), goes_up=True),
        Kind("performance.score_check", gettext_noop("Scores that differ"), goes_up=True),
        Kind(RESTATEMENT, gettext_noop("A decision on a restatement"), goes_up=True),
        Kind(RESTATED, gettext_noop("A restatement of frozen scores"), is_note=True),
        Kind(LINE_QUESTION, gettext_noop("A question about a score"), goes_up=True, follows_line=True),
        Kind(NUMBER_QUESTION, gettext_noop("A question about a score"), goes_up=True),
        Kind(ANSWER, gettext_noop("An answer about a score"), is_note=True),
    )
