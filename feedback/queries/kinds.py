"""What the work is like that feedback puts before people. None of it goes up the line: it is between those it names."""

from django.utils.translation import gettext_noop

from performance.inbox.kinds import Kind


def work_kinds() -> tuple[Kind, ...]:
    return (
        Kind("feedback.action", gettext_noop("An action item of a 1:1")),
        Kind("feedback.request", gettext_noop("A request for feedback")),
        Kind("feedback.declined", gettext_noop("A request that was declined"), is_note=True),
        Kind("feedback.one_on_one", gettext_noop("A 1:1 that was set up"), is_note=True),
    )
