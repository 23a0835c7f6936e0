"""What the engine says when its input cannot be used."""


class InvalidInput(ValueError):
    """The input or policy cannot be computed with.

    `code` is stable and meant for translation, `key` names the component, field or row that is at
    fault (or is None), and the message is plain English for logs and for the API.
    """

    def __init__(self, message: str, *, code: str, key: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.key = key
