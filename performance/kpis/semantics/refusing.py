"""What the checks of a definition decline."""

from typing import Any

from performance.foundation import refusals


class DefinitionRefused(refusals.Refused):
    """A definition that cannot be computed. `position`: where in the typed arithmetic, from 0, or None."""

    def __init__(
        self, message: Any, *, field: str, code: str = "definition", position: int | None = None
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.position = position
