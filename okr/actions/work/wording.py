"""The words of what goals put before people, in both languages, and the item that carries them."""

import uuid
from typing import Any

from django.utils.translation import gettext, gettext_noop

from okr import rules
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.inbox import actions as inbox

AGREEMENT, SUGGESTION, REPLY, BLOCKER = "goals.agreement", "goals.suggestion", rules.REPLY, rules.BLOCKER
LINK = "goals.link"
DEPENDENCY, DECLINED = "goals.dependency", "goals.declined"
VOTE, MENTION = "goals.vote", rules.MENTION
HELPER_LEFT = "goals.helper_left"
CHECK_IN, MISSED = "goals.check_in", "goals.missed"
SELF_GRADE, MANAGER_GRADE = "goals.self_grade", "goals.manager_grade"
ACTION = "goals.action"
RETROSPECTIVE, NOTE = "goals.retrospective", "goals.retrospective_note"
# The e-mail and the inbox cut longer texts; a whole sentence is read on the page.
DETAIL = 160

NEW_OBJECTIVE = gettext_noop("%(person)s proposes an objective")
CHANGED_OBJECTIVE = gettext_noop("%(person)s proposes a change to an objective")
SUGGESTS = gettext_noop("%(person)s suggests an edit")
ASKS = gettext_noop("%(person)s asks you for help")
NEEDS_REPLY = gettext_noop("Check-in of %(person)s needs a reply")
OFFERS = gettext_noop("%(person)s offers a contribution")
NEEDS = gettext_noop("%(person)s needs something from your objective")
DECLINES = gettext_noop("%(person)s declines what you need")
YOUR_ACTION = gettext_noop("What you agreed to in the retrospective")
LOOK_BACK = gettext_noop("Retrospective of %(team)s")
ADD_NOTE = gettext_noop("Retrospective of %(team)s: your notes")
HIDDEN = gettext_noop("A private objective")
VOTES = gettext_noop("%(person)s asks how sure you are")
CALLS = gettext_noop("%(person)s mentions you")
HELPER_HAS_LEFT = gettext_noop("%(person)s, whom you asked for help, has left")
YOUR_CHECK_IN = gettext_noop("Your check-in is due")
HAS_MISSED = gettext_noop("%(person)s has not checked in")
GRADE_YOURS = gettext_noop("Grade your objective")
GRADE_THEIRS = gettext_noop("%(person)s has graded an objective: now you")


def in_both(message: str, person: Any) -> tuple[str, str]:
    return i18n.in_both(lambda: gettext(message) % {"person": formats.person_name(person)})


def assign(
    message: str,
    *,
    about: Any,
    to: Any,
    kind: str,
    subject_id: uuid.UUID,
    url: str,
    detail: tuple[str, str],
    by: Any,
    at: Any,
) -> None:
    english, chinese = in_both(message, about)
    inbox.assign_work(
        to=to,
        kind=kind,
        subject_id=subject_id,
        title_en=english,
        title_zh=chinese,
        detail_en=detail[0][:DETAIL],
        detail_zh=detail[1][:DETAIL],
        url=url,
        by=by,
        at=at,
    )
