"""How the API's documentation reads an endpoint: its docstring, of which the first sentence stands beside the address."""

import re

from drf_spectacular.openapi import AutoSchema


class DocumentedSchema(AutoSchema):
    """The summary of an operation is the first sentence of what it says about itself."""

    def get_summary(self) -> str | None:
        return first_sentence(self.get_description() or "") or None


def first_sentence(text: str) -> str:
    """Without its full stop, in one line."""
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(".")
