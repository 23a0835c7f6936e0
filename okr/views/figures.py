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
            queries.series_of(len(key_results) + place),
            part.objectives[0].title if part.is_seen else _("Private objectives"),
        )
        for place, part in enumerate(figure.others)
    ]
    return rows


def plans(key_results: list[Any], figure: queries.Figure, policy: Any) -> dict[str, bool]:
    """Where what is expected of the whole comes from, where it is not simply linear."""
    own = [row.key_result for row in key_results if policy.roll_up != "objectives"]
    return {
        "checkpoints": any(each.checkpoints for each in own),
        "others": figure.has_others_plans,
        "answers": any(each.kind == "yes_no" for each in own),
    }
