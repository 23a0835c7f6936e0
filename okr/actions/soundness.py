"""A text that cannot be proposed is refused."""

from typing import Any

from okr import queries
from okr.actions.refusals import ObjectiveRefused
from okr.models import Content
from performance.foundation import access


def require_sound(*texts: Content, period: Any, by: access.Actor, standing: Content | None = None) -> None:
    """Refuses the first flaw of any in this period. `standing`: the text of before, whose bindings and owners may stay."""
    for found in queries.flaws_of([(text, standing) for text in texts], period=period, by=by):
        for flaw in found:
            raise ObjectiveRefused(flaw.message, code=flaw.code, field=flaw.path)
