"""What kept scores share with others, read for many of them at once."""

from collections.abc import Iterable, Mapping, Sequence

from performance.scoring import evidence
from performance.scoring.models import Score, ScoreTrail


def trails_of(scores: Iterable[Score]) -> dict[str, Sequence[Mapping[str, str]]]:
    """The shared trails that these scores name, by their id as text. One query."""
    found = ScoreTrail.objects.filter(pk__in=evidence.trails_named(scores))
    return {str(trail.pk): trail.refs for trail in found}
