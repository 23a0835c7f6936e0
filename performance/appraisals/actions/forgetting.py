"""What people wrote around their results is without the names of somebody whose personal data is erased."""

import re
from typing import Any

from django.db.models import Q

from performance.appraisals.models import Acknowledgement, Appeal

TEXTS = ((Acknowledgement, ("comment",)), (Appeal, ("reason", "decision")))


def forget_person(gone: Any) -> None:
    """Takes a `Forgotten`. What they said themselves goes; elsewhere their name is replaced. Ratings and days stay."""
    Acknowledgement.objects.filter(entry__person=gone.person_id).update(comment="")
    Appeal.objects.filter(entry__person=gone.person_id).update(reason="–")
    for model, fields in TEXTS:
        named = Q()
        for field in fields:
            named |= Q(**{f"{field}__iregex": gone.pattern})
        for row in model.objects.filter(named):
            for field in fields:
                words = re.sub(gone.pattern, gone.name_en, getattr(row, field), flags=re.IGNORECASE)
                setattr(row, field, words)
            row.save(update_fields=list(fields))
