"""A form or a call that is sent twice does once what it asks: a double press, a repeated request after a lost answer.

A form carries a one-time token (`{% once %}`), a call of the API the header Idempotency-Key. The key is made from the
token and all that was sent with it, so that a form changed and sent again, after going back, is another one.
"""

import functools
import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from performance.foundation import refusals

FIELD = "once"
HEADER = "Idempotency-Key"
NOT_SAID = {"csrfmiddlewaretoken"}

Do = TypeVar("Do", bound=Callable[..., Any])


def token() -> SafeString:
    """The hidden field that makes a form one that is taken once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4())


def key_of(request: Any, said: Any) -> uuid.UUID | None:
    """The key of a request (Django's or the API's) that says `said`; None where it brings no token."""
    brought = request.headers.get(HEADER) or (said.get(FIELD) if isinstance(said, QueryDict) else None)
    if not brought:
        return None
    parts = {name: said.getlist(name) for name in said} if isinstance(said, QueryDict) else said
    if isinstance(parts, dict):
        parts = {name: parts[name] for name in parts if name not in NOT_SAID}
    told = json.dumps([request.path, str(brought), parts], sort_keys=True, default=str)
    return uuid.uuid5(uuid.NAMESPACE_URL, told)


def kept_once(model: type[models.Model], by: str = "by") -> Callable[[Do], Do]:
    """An action that makes a row of `model` with a `once_key`: called again by the same person (`by`, the path of the
    field) with the same `key`, it gives back the row of the first call. Of two at one moment the second waits.
    """

    def around(action: Do) -> Do:
        @functools.wraps(action)
        def acted(**given: Any) -> Any:
            key = given.get("key")
            if key is None:
                return action(**given)
            rows = model._default_manager.filter(once_key=key, **{f"{by}_id": given["by"].person_id})
            first = rows.first()
            if first is not None:
                return first
            try:
                with transaction.atomic():
                    return action(**given)
            except (IntegrityError, refusals.Refused):
                # The other one was committed meanwhile: its row is there, or what it changed is refused a second time.
                first = rows.first()
                if first is None:
                    raise
                return first

        return acted  # type: ignore[return-value]

    return around
