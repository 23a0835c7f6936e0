"""Work that a version of a weight policy puts before people."""

import datetime
from typing import Any

from django.urls import reverse

from performance.inbox import actions as inbox_actions
from performance.scoring import queries
from performance.scoring.models import PolicyVersion

APPROVAL = "performance.approval"
LOCKING = "performance.policy_lock"


def ask(
    person: Any,
    kind: str,
    version: PolicyVersion,
    verb_en: str,
    verb_zh: str,
    *,
    by: Any,
    at: datetime.datetime,
    detail_en: str = "",
    detail_zh: str = "",
) -> None:
    """Puts work about a version before somebody."""
    policy = version.policy
    inbox_actions.assign_work(
        to=person,
        kind=kind,
        subject_id=version.pk,
        title_en=f"{verb_en} {policy.name_en}, version {version.number}",
        title_zh=f"{verb_zh}{policy.name_zh or policy.name_en}第{version.number}版",
        detail_en=detail_en or version.period.name_en,
        detail_zh=detail_zh or version.period.name_zh,
        url=reverse("scoring:policy", args=[version.pk]),
        by=by,
        at=at,
        due_on=version.period.starts_on
        if kind == APPROVAL and version.period.starts_on > queries.day_of(at)
        else None,
    )
