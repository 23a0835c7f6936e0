"""Writes: the values of the company, and how many points a month everybody may give."""

import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from feedback import rules
from feedback.models import CompanyValue, RecognitionRule
from performance.foundation import access, audit, refusals

FIELDS = ("name_en", "name_zh", "text_en", "text_zh", "ordinal")


class RecognitionRefused(refusals.Refused):
    """A value or the allowance cannot be changed so."""


def save_value(
    *,
    by: access.Actor,
    at: datetime.datetime,
    name_en: str,
    name_zh: str = "",
    text_en: str = "",
    text_zh: str = "",
    ordinal: int = 0,
    value: CompanyValue | None = None,
) -> CompanyValue:
    """A new value, or another wording of one."""
    _require_hr(by)
    if not name_en.strip():
        raise RecognitionRefused(_("Write a few words."), field="name_en")
    row = value or CompanyValue()
    before = {field: getattr(row, field) for field in FIELDS}
    row.name_en, row.name_zh = name_en.strip(), name_zh.strip()
    row.text_en, row.text_zh, row.ordinal = text_en.strip(), text_zh.strip(), ordinal
    changes = {
        field: [before[field] if value else None, getattr(row, field)]
        for field in FIELDS
        if value is None or before[field] != getattr(row, field)
    }
    try:
        with transaction.atomic():
            row.save()
            audit.record(by=by, action="feedback.save_value", subject=row, at=at, changes=changes)
    except IntegrityError as error:
        raise RecognitionRefused(_("There is a value of this name already."), field="name_en") from error
    return row


def retire_value(*, value: CompanyValue, by: access.Actor, at: datetime.datetime) -> CompanyValue:
    """Offered no more; praise that was given for it keeps it."""
    _require_hr(by)
    with transaction.atomic():
        if value.retired_at is None:
            value.retired_at = at
            value.save(update_fields=["retired_at"])
            audit.record(by=by, action="feedback.retire_value", subject=value, at=at)
    return value


def set_points_a_month(*, points: int, by: access.Actor, at: datetime.datetime) -> RecognitionRule:
    """From now on; what was given this month already stays given."""
    _require_hr(by)
    if not 0 <= points <= 1000:
        raise RecognitionRefused(_("From 0 to 1,000 points."), field="points")
    with transaction.atomic():
        rule, _is_new = RecognitionRule.objects.select_for_update().get_or_create()
        before, rule.points_a_month = rule.points_a_month, points
        rule.save(update_fields=["points_a_month"])
        audit.record(
            by=by,
            action="feedback.set_points",
            subject=by.organisation,
            at=at,
            changes={"points_a_month": [before, points]},
        )
    return rule


def _require_hr(by: access.Actor) -> None:
    if not rules.can_edit_values(by):
        raise RecognitionRefused(_("HR keeps the values."))
