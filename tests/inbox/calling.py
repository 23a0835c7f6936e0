"""Acting for the cast's organisation, at another moment, and what its log keeps."""

import datetime

from django.utils import timezone

from performance.foundation import tenancy
from performance.foundation.models import AuditRow


def acting(cast):
    return tenancy.acting_for(cast.organisation)


def later(monkeypatch, **away):
    """Moves the clock on."""
    moment = timezone.now() + datetime.timedelta(**away)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def rows_of_log(cast) -> str:
    """Everything that the log keeps."""
    with acting(cast):
        return repr(list(AuditRow.objects.values()))
