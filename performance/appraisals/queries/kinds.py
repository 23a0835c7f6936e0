"""What the work is like that appraisals put before people."""

from django.utils.translation import gettext_noop

from performance.appraisals.queries import appeals
from performance.inbox.kinds import Kind


def work_kinds() -> tuple[Kind, ...]:
    """Reviews belong to whoever owes them and are delegated where they stand, for a reason; late ones go up the line.
    Nobody says for somebody else that they have read their result, and nobody is told when they have not.
    An appeal is told up the line, and stays with those of HR who are no party to it."""
    return (
        Kind("performance.result", gettext_noop("A result to read")),
        Kind("performance.review", gettext_noop("A review"), goes_up=True),
        Kind("performance.reminder", gettext_noop("A review that is late"), is_note=True),
        Kind(
            "performance.peers", gettext_noop("An answer to nominated peers"), goes_up=True, follows_line=True
        ),
        Kind("performance.appeal", gettext_noop("An appeal"), goes_up=True, stand_ins=appeals.decider_ids),
        Kind("performance.appeal_answer", gettext_noop("The decision of an appeal"), is_note=True),
    )
