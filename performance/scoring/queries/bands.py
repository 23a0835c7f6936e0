"""In which band of its policy a score lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.scoring import evidence
from performance.scoring.models import Score


@dataclass(frozen=True)
class Standing:
    """A band with where it begins and where the next one does, in micro; None where nothing bounds it."""

    name_en: str
    name_zh: str
    low_micro: int | None
    high_micro: int | None

    @property
    def name(self) -> str:
        return i18n.local(self, "name")

    @property
    def range(self) -> str:
        """75–85, below 55, 95 and more."""
        if self.low_micro is None and self.high_micro is None:
            return _("any score")
        low, high = (formats.number(formats.micro(bound)) for bound in (self.low_micro, self.high_micro))
        if self.low_micro is None:
            return _("below %(bound)s") % {"bound": high}
        if self.high_micro is None:
            return pgettext("band", "%(bound)s and more") % {"bound": low}
        return f"{low}–{high}"


def band_of(score: Score) -> Standing | None:
    """By the plan that the score was computed with; None where it has no bands, or there is no score. No query."""
    plan = score.version.plan or {}
    return standing(score.score_micro, plan.get("bands", ()))


def standing(micro: int | None, kept: Any) -> Standing | None:
    """The band of a score among `kept`, as a version or plan keeps them, lowest first."""
    bands: tuple[evidence.Band, ...] = evidence.bands_from(kept)
    if micro is None or len(bands) < 2:
        return None
    place = max(at for at, band in enumerate(bands) if band.from_micro is None or micro >= band.from_micro)
    return at_place(bands, place)


def at_place(bands: tuple[evidence.Band, ...], place: int) -> Standing:
    following = bands[place + 1].from_micro if place + 1 < len(bands) else None
    band = bands[place]
    return Standing(band.name_en, band.name_zh, band.from_micro, following)


def standings(kept: list[Mapping[str, Any]]) -> list[Standing]:
    """All bands, from the highest down."""
    bands = evidence.bands_from(kept)
    return [at_place(bands, place) for place in reversed(range(len(bands)))]
