"""Checkpoints as (day, value)."""

import datetime
from decimal import Decimal

from okr.models import CheckpointContent

DAY = datetime.timedelta(days=1)


def points(*pairs):
    return tuple(CheckpointContent(day, Decimal(str(value))) for day, value in pairs)
