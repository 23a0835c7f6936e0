"""At which rates the amounts of a metric become one currency, as its statements need it."""

import uuid
from collections.abc import Iterable, Mapping

from django.db.models import Max

from performance.foundation import tenancy
from performance.kpis import semantics, units
from performance.kpis.models import MetricVersion, RateVersion
from performance.kpis.queries import months

#: (kind, currency) → the newest number.
Newest = Mapping[tuple[str, str], int]


def newest_numbers() -> dict[tuple[str, str], int]:
    """(kind, currency) → number of the newest version of these rates. One query."""
    found = RateVersion.objects.order_by().values_list("kind", "currency").annotate(newest=Max("number"))
    return {(kind, currency): number for kind, currency, number in found}


def conversion_of(
    wording: semantics.Wording, sheet: semantics.Sheet, newest: Newest | None = None
) -> semantics.Conversion | None:
    """By the newest rates there are; None for what is not converted. `wording` has passed semantics.check. One query at
    most, none where `newest` is given."""
    if not wording.currency_rule:
        return None
    currency = units.parse(wording.unit).currency
    numbers = newest_numbers() if newest is None else newest
    return semantics.Conversion(
        organisation_id=tenancy.current_organisation_id(),
        rule=wording.currency_rule,
        currency=currency,
        money=semantics.money_of(wording, sheet),
        number=numbers.get((semantics.RATES_OF[wording.currency_rule], currency), 0),
        calendar=months.calendar(),
    )


def conversions_of(
    versions: Iterable[MetricVersion], sheets: Mapping[uuid.UUID, semantics.Sheet]
) -> dict[uuid.UUID, semantics.Conversion]:
    """version id → its conversion, for those of these base versions that have one. One query at most."""
    converted = [one for one in versions if one.currency_rule and one.dataset_id in sheets]
    newest = newest_numbers() if converted else {}
    found = {}
    for version in converted:
        conversion = conversion_of(version, sheets[version.dataset_id], newest)  # type: ignore[index]
        if conversion is not None:
            found[version.pk] = conversion
    return found
