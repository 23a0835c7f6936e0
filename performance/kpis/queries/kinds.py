"""What the work is like that metrics put before people."""

from django.utils.translation import gettext_noop

from performance.inbox.kinds import Kind


def work_kinds() -> tuple[Kind, ...]:
    """The two named owners sign and decide, nobody in their place; an alert is handed over on its own page."""
    return (
        Kind("metrics.signature", gettext_noop("A signature of a metric"), goes_up=True),
        Kind("metrics.scenario", gettext_noop("A scenario to decide on"), goes_up=True),
        Kind("metrics.alert", gettext_noop("An alert of a metric"), goes_up=True),
        Kind("metrics.tie_out", gettext_noop("A metric that has left its ledger"), goes_up=True),
    )
