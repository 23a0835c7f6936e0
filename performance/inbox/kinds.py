"""What each kind of work is like, as the apps that put it before people describe it. The setting WORK_KINDS names
functions that return their kinds; a kind that nobody describes neither goes up the line nor into other hands."""

import datetime
import functools
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

#: (id of the subject, day) → ids of whoever may do it by the rules of its own app.
StandIns = Callable[[uuid.UUID, datetime.date], Collection[uuid.UUID]]


@dataclass(frozen=True)
class Kind:
    """One kind of work. `words`: what it is, for readers who may not know what it is about; in the source language.
    `goes_up`: undone past its grace, it is told up the line. `stand_ins`: who else may do it; without, nobody.
    `address`: where a stand-in does it, from the subject's id, where that is not the item's own address."""

    key: str
    words: str
    goes_up: bool = False
    stand_ins: StandIns | None = None
    address: Callable[[uuid.UUID], str] | None = None
    #: Asked of somebody because of whom they lead: it falls to whoever leads them next.
    follows_line: bool = False
    #: Only tells somebody something: done when they say that they have read it.
    is_note: bool = False


#: That somebody's reporting line changes.
LINE = "people.line"


def own_kinds() -> tuple[Kind, ...]:
    """What people are told who have no app above them to do it."""
    return (Kind(LINE, gettext_noop("A change of manager"), is_note=True),)


@functools.cache
def _known() -> dict[str, Kind]:
    named: Iterable[str] = settings.WORK_KINDS
    return {kind.key: kind for name in named for kind in import_string(name)()}


def kind_of(key: str) -> Kind | None:
    return _known().get(key)


def going_up() -> list[str]:
    """Keys of the kinds that are told up the line."""
    return [key for key, kind in _known().items() if kind.goes_up]


def goes_up(key: str) -> bool:
    kind = kind_of(key)
    return kind is not None and kind.goes_up


def following_the_line() -> list[str]:
    """Keys of the kinds that fall to whoever leads next."""
    return [key for key, kind in _known().items() if kind.follows_line]


def can_be_handed(key: str) -> bool:
    kind = kind_of(key)
    return kind is not None and kind.stand_ins is not None


def is_note(key: str) -> bool:
    kind = kind_of(key)
    return kind is not None and kind.is_note


def check_kinds(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: every function exists, and no kind is described twice."""
    found: list[checks.CheckMessage] = []
    keys: set[str] = set()
    for name in settings.WORK_KINDS:
        try:
            kinds = import_string(name)()
        except ImportError as error:
            found.append(checks.Error(f"WORK_KINDS: {error}", id="inbox.E001"))
            continue
        twice = sorted(kind.key for kind in kinds if kind.key in keys)
        if twice:
            found.append(checks.Error(f"WORK_KINDS describes {', '.join(twice)} twice.", id="inbox.E002"))
        keys |= {kind.key for kind in kinds}
    return found
