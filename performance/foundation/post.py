"""Letters to the mail server: one connection for a batch, and an end of the batch once nobody answers.

A mail server that is silent costs each try its whole time limit. So it is asked first whether it is there, before any
letter is claimed, and a connection that breaks ends the batch; the next sweep goes on.
"""

import contextlib
import logging
import smtplib
from collections.abc import Iterator

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)

# SMTPException is an OSError too.
FAULTS = OSError
#: What the server says about one letter; the next one may still go.
ABOUT_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)


class Refused(Exception):
    """The server does not take this letter."""


class Lost(Exception):
    """The server answers no more."""


@contextlib.contextmanager
def opened() -> Iterator[BaseEmailBackend | None]:
    """A connection for a batch; None when the server is not there."""
    connection = get_connection()
    try:
        connection.open()
    except FAULTS:
        logger.warning("The mail server does not answer; the next sweep tries again.", exc_info=True)
        yield None
        return
    try:
        yield connection
    finally:
        with contextlib.suppress(FAULTS):
            connection.close()


def send(letter: EmailMessage, connection: BaseEmailBackend) -> None:
    """Sends one letter. Raises Refused when it is not taken, Lost when the connection is."""
    try:
        connection.send_messages([letter])
    except ABOUT_ONE as error:
        raise Refused(str(error)) from error
    except FAULTS as error:
        raise Lost(str(error)) from error
