"""What the work is like that appraisals put before people."""

from django.utils.translation import gettext_noop

from performance.inbox.kinds import Kind


def work_kinds() -> tuple[Kind, ...]:
    """Nobody says for somebody else that they have read their result, and nobody is told when they have not."""
    return (Kind("performance.result", gettext_noop("A result to read")),)
