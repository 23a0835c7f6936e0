"""Refusals: what a rule of the business says no to. Values with a reason, not accidents."""

from collections.abc import Callable
from typing import Any


class Refused(Exception):
    """An action declines. `message` is a translated sentence for people, `code` one word for machines.

    `field` names the form field that the sentence belongs beside, `position` (from 0, or None) the place in its typed
    text. The code "conflict" means that somebody else was first (HTTP 409); every other code is HTTP 422.
    """

    def __init__(self, message: Any, *, code: str = "refused", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field
        self.position: int | None = None

    def __str__(self) -> str:
        return str(self.message)

    @property
    def status(self) -> int:
        return 409 if self.code == "conflict" else 422


def place(form: Any, refused: Refused) -> None:
    """The sentence into the form: beside its field where the form has it, else above all of them."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))


def attempt(form: Any, write: Callable[[], Any]) -> Any:
    """What was written; None where the form says why not."""
    if not form.is_valid():
        return None
    try:
        return write()
    except Refused as refused:
        place(form, refused)
        return None
