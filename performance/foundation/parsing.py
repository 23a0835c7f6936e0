"""How the API reads what is sent to it."""

import json
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers


class WritableJSON(parsers.JSONParser):
    """JSON whose every text can be written down again: half of a surrogate pair is no letter, and neither a column nor
    an answer that quotes it could hold it."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        found: dict[str, Any] = super().parse(stream, media_type, parser_context)
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise exceptions.ParseError(_("A text in it holds half a letter: a lone surrogate.")) from error
        return found
