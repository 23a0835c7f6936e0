"""How a goal's page draws what its progress is made of."""

from typing import Any

from django.utils.translation import gettext as _

from okr import queries


def weights(key_results: list[Any], figure: queries.Figure) -> list[tuple[float, int, str]]:
    """The weight bar: own key results, then what contributes, as they weigh in the whole."""
    rows = [
        (figure.planned_ppm[row.key_result.pk] / 10_000, row.series, row.key_result.title)
        for row in key_results
        if figure.planned_ppm[row.key_result.pk]
    ]
    rows += [
        (
            part.planned_ppm / 10_000,
            series,
            part.objectives[0].title if part.is_seen else _("Private objectives"),
        )
        for part, series in _others(key_results, figure)
    ]
    return rows


def lines(key_results: list[Any], figure: queries.Figure) -> list[tuple[queries.Part, list[int]]]:
    """The lines of the sum, each with the colours that its parts have in the weight bar."""
    own = [row.series for row in key_results if figure.planned_ppm[row.key_result.pk]]
    ours = [(part, own) for part in figure.parts if part.is_own]
    return ours + [(part, [series]) for part, series in _others(key_results, figure)]


def _others(key_results: list[Any], figure: queries.Figure) -> list[tuple[queries.Part, int]]:
    """What contributes goes on with the colours where the key results leave off."""
    return [(part, queries.series_of(len(key_results) + place)) for place, part in enumerate(figure.others)]


def plans(key_results: list[Any], figure: queries.Figure, policy: Any) -> dict[str, bool]:
    """Where what is expected of the whole comes from, where it is not simply linear."""
    own = [row.key_result for row in key_results if policy.roll_up != "objectives"]
    return {
        "checkpoints": any(each.checkpoints for each in own),
        "others": figure.has_others_plans,
        "later": any(each.paced_from for each in own),
        "answers": any(each.kind == "yes_no" for each in own),
    }
