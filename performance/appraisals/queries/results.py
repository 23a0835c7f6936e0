"""The result of an entry and where it comes from: layers that lie over each other, of which the last that says something
is the result. No layer changes another: the score's suggestion stands whatever was decided later."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from performance.appraisals.models import Band, Wave
from performance.appraisals.queries import appeals as appeal_queries
from performance.appraisals.queries import entries as entry_queries
from performance.appraisals.queries import waves as wave_queries
from performance.foundation import access

SUGGESTED = "suggested"


@dataclass(frozen=True)
class Layer:
    """One source of ratings. `rating`: an expression over entries, as of a moment or as things are (None); empty where
    this source says nothing."""

    key: str
    label: Any
    rating: Callable[[datetime.datetime | None], Any]


#: From the bottom up. What lies over the score's suggestion is entered here and then counts everywhere: on pages, in
#: the API, in exports and letters, and in incentives.
LAYERS: tuple[Layer, ...] = (
    Layer("manager", _("Managers’ rating"), lambda at: F("manager_rating")),
    Layer("appeal", _("Corrected on appeal"), lambda at: appeal_queries.corrections(at)),
)
SUGGESTION = Layer(SUGGESTED, _("Suggested by the score"), lambda at: F("suggested_rating"))
LABELS: dict[str, Any] = {layer.key: layer.label for layer in (SUGGESTION, *LAYERS)}


def with_results(
    entries: QuerySet[Any], suggested: str = "suggested_rating", at: datetime.datetime | None = None
) -> QuerySet[Any]:
    """Annotates `result_rating` and `result_source`, and `layer_<key>` for each layer. `suggested` names the field or
    annotation of the suggestion: `rating` after `entries_of`, which knows that of an open cycle as well."""
    named = {f"layer_{SUGGESTED}": F(suggested)} | {
        f"layer_{layer.key}": layer.rating(at) for layer in LAYERS
    }
    entries = entries.annotate(**named)
    down = [*reversed(named)]
    whence = [When(**{f"{name}__isnull": False}, then=Value(name.removeprefix("layer_"))) for name in down]
    return entries.annotate(
        result_rating=Coalesce(*map(F, down), None, output_field=IntegerField()),
        result_source=Case(*whence, default=Value(""), output_field=CharField()),
    )


def narrowed(entries: QuerySet[Any], filters: entry_queries.Filters) -> QuerySet[Any]:
    """Applied to what `entries_of` gives, and annotated by `with_results`: a rating narrows to whoever has it as their
    result."""
    entries = with_results(entry_queries.in_sections(entries, filters), suggested="rating")
    if filters.rating == entry_queries.UNRATED:
        entries = entries.filter(rating=None)
    elif filters.rating:
        entries = entries.filter(result_rating=int(filters.rating))
    return entry_queries.shown(entries, filters.show)


def results_over_time(actor: access.Actor) -> list["ResultRow"]:
    """Everything that was published about me, newest first. Three queries."""
    entries = list(with_results(entry_queries.own_results(actor)))
    waves = wave_queries.waves_by_entry(entry.pk for entry in entries)
    of_cycles = Band.objects.filter(cycle__in=[entry.cycle_id for entry in entries])
    named = {(band.cycle_id, band.rating): band for band in of_cycles}
    return [
        ResultRow(entry, waves.get(entry.pk), named.get((entry.cycle_id, entry.result_rating)))
        for entry in entries
    ]


@dataclass(frozen=True)
class ResultRow:
    """One published result: its entry, annotated by `with_results`, when it was published, and what its rating is called."""

    entry: Any
    wave: Wave | None
    band: Band | None


@dataclass(frozen=True)
class Step:
    """What one layer said. `is_result`: nothing lies over it."""

    key: str
    label: str
    rating: int
    band: Band | None
    is_result: bool


def steps_of(entry: Any, bands: Sequence[Band]) -> list[Step]:
    """From the suggestion to the result, of an entry that `with_results` annotated. No query."""
    named = {band.rating: band for band in bands}
    return [
        Step(layer.key, str(layer.label), rating, named.get(rating), layer.key == entry.result_source)
        for layer in (SUGGESTION, *LAYERS)
        if (rating := getattr(entry, f"layer_{layer.key}")) is not None
    ]
