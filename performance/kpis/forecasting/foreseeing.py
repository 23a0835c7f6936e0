"""All slices of one metric: what is to be foreseen, and what came of it."""

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from performance.kpis.forecasting import library, outlooks
from performance.kpis.forecasting.series import SEASON, ForecastRefused, Refusal, usable

#: Parts of a metric that are foreseen beside its total; beyond, the smallest have none.
MOST_PARTS = 300
#: Changes when the same values would be foreseen differently.
EDITION = "1"


@dataclass(frozen=True)
class History:
    """The values of one slice month by month up to `after_month`; None where there is none. `season`: months of a year."""

    slice: dict[str, str]
    slice_key: str
    after_month: datetime.date
    values: Sequence[float | None]
    season: int = SEASON

    @property
    def is_total(self) -> bool:
        return not self.slice


@dataclass(frozen=True)
class Foreseen:
    """One slice's forecast to be kept, or why there is none."""

    history: History
    basis: str
    refusal: str = ""
    known_months: int = 0
    outlook: outlooks.Outlook | None = field(default=None, repr=False)


def foresee(histories: Iterable[History], kept: Mapping[str, str]) -> list[Foreseen]:
    """Foresees each slice whose values are not those that its current forecast (`kept`: slice key → basis) was made
    from. Touches no database and takes up to a second for each. Parts that cannot be foreseen are left out; of the total
    it is said why."""
    found: list[Foreseen] = []
    for history in histories:
        if len(found) > MOST_PARTS:
            break
        try:
            known = len(usable(history.values, history.season))
            if not library.is_installed():
                raise ForecastRefused(Refusal.NOT_INSTALLED, known)
            basis = _basis(history, "")
            is_kept = kept.get(history.slice_key) == basis
            new = None if is_kept else outlooks.outlook(history.values, season=history.season)
            found.append(Foreseen(history, basis, known_months=known, outlook=new))
        except ForecastRefused as refused:
            if history.is_total:
                code = str(refused.code)
                found.append(Foreseen(history, _basis(history, code), code, refused.known))
    return found


def _basis(history: History, refusal: str) -> str:
    """A digest of all that the forecast depends on."""
    said = json.dumps([EDITION, refusal, history.after_month.isoformat(), list(history.values)])
    return hashlib.sha256(said.encode()).hexdigest()
