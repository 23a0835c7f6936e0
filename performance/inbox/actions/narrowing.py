"""What people were told of something that they may not see any more, or that is gone."""

import datetime
import uuid
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from performance.foundation import i18n
from performance.inbox import kinds
from performance.inbox.actions.work import resolve_items
from performance.inbox.models import Letter, WorkItem


def end_work_of(
    *, subject_ids: Collection[uuid.UUID], person_ids: Collection[uuid.UUID], by: Any, at: datetime.datetime
) -> None:
    """Nothing about these subjects waits for these people any more, and what they were told of them, done or not, says
    no word of them. Messages on their way are dropped with it."""
    about = Q(subject_id__in=subject_ids, person__in=person_ids)
    with transaction.atomic():
        resolve_items(about, by=by, at=at)
        # What somebody had put into their hands goes back.
        WorkItem.objects.filter(subject_id__in=subject_ids, handed_to__in=person_ids, done_at=None).update(
            handed_to=None
        )
        _reword(about, ("", ""))


def forget_work(*, kind: str, subject_ids: Collection[uuid.UUID], at: datetime.datetime) -> None:
    """These subjects, of a kind whose titles quote what it is about, are gone for good: nothing waits about them, and
    what was done long ago says as well no more than what kind of thing it was."""
    about = Q(kind=kind, subject_id__in=subject_ids)
    described = kinds.kind_of(kind)
    title_en, title_zh = i18n.in_both(partial(gettext, described.words)) if described else ("–", "–")
    with transaction.atomic():
        resolve_items(about, by=None, at=at)
        WorkItem.objects.filter(about).update(title_en=title_en, title_zh=title_zh)
        _reword(about, ("", ""))


def reword_work(
    *,
    subject_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID],
    detail: tuple[str, str],
) -> None:
    """What waits for these people about these subjects goes on waiting, in other words. `detail` in English and
    Chinese."""
    with transaction.atomic():
        _reword(Q(subject_id__in=subject_ids, person__in=person_ids), detail)


def _reword(about: Q, detail: tuple[str, str]) -> None:
    told = WorkItem.objects.filter(about).exclude(detail_en=detail[0], detail_zh=detail[1])
    persons = set(told.values_list("person_id", flat=True))
    if persons:
        told.update(detail_en=detail[0], detail_zh=detail[1])
        # Today's letter that was not sent yet is written anew, from what its reader may read.
        Letter.objects.filter(person__in=persons, kind="inbox.daily", sent_at=None, sending_at=None).delete()
