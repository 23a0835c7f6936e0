"""What the work is like that weights put before people."""

from django.utils.translation import gettext_noop

from performance.inbox.kinds import Kind


def work_kinds() -> tuple[Kind, ...]:
    """Every owner of a side is asked to approve already; so nobody is asked in their place."""
    return (
        Kind("performance.approval", gettext_noop("An approval of weights"), goes_up=True),
        Kind("performance.policy_lock", gettext_noop("The locking of weights"), goes_up=True),
        Kind("performance.score_check", gettext_noop("Scores that differ"), goes_up=True),
    )
