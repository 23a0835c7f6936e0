"""What a review rests on, where its writer may see it: the score with what it suggests, goals, check-ins, feedback."""

from django.urls import reverse

from performance.appraisals.models import Review
from performance.appraisals.queries import entries
from performance.foundation import access, citing
from performance.foundation.components import formats
from performance.people import queries as people
from performance.scoring import queries as scoring
from performance.scoring.models import CurrentScore, Score


def score_shown(actor: access.Actor, review: Review) -> tuple[Score | None, int | None]:
    """The person's score in force and the rating it suggests; nothing for a colleague, a former manager or a stand-in
    who may not see it."""
    if review.is_submitted:
        return review.score, review.suggested_rating
    on = people.today(actor.organisation)
    seen = scoring.scores_visible_to(actor, on)
    current = CurrentScore.objects.filter(
        person=review.entry.person_id, period=review.entry.cycle.period_id
    ).values("score")
    score = seen.filter(pk__in=current).select_related("basis", "run").first()
    if score is None or score.score_micro is None:
        return score, None
    return score, entries.rating_from(entries.bands_of(review.entry.cycle), score.score_micro)


def suggested_rating(actor: access.Actor, review: Review) -> int | None:
    return score_shown(actor, review)[1]


def lines_shown(score: Score | None) -> list[scoring.Line]:
    """The parts of the score that count, in the order of the waterfall."""
    if score is None or score.score_micro is None:
        return []
    return [line for line in scoring.lines_of_score(score) if line.counts]


def citables(actor: access.Actor, review: Review) -> list[citing.Citable]:
    """Everything that its writer may see of the person in the period."""
    period = review.entry.cycle.period
    found = citing.citable(actor, review.entry.person_id, period.starts_on, period.ends_on)
    score, _hint = score_shown(actor, review)
    return [*found, *(component(score, line) for line in lines_shown(score) if score is not None)]


def component(score: Score, line: scoring.Line) -> citing.Citable:
    points, weight = formats.number(line.points, 1), formats.percent(line.written_weight, 1)
    return citing.Citable(
        kind="component",
        subject=line.key,
        title=line.name,
        said=f"{formats.number(formats.micro(line.value_micro), 1)} × {weight} = {points}",
        url=reverse("scoring:evidence", args=[score.pk, line.key]),
    )


def citable(actor: access.Actor, review: Review, kind: str, subject: str) -> citing.Citable | None:
    """One of them; None where it is not there or not for this reader."""
    return next(
        (each for each in citables(actor, review) if (each.kind, each.subject) == (kind, subject)), None
    )
