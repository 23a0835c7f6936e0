"""Chapter 6: HR opens the appraisal of the quarter that closed, and signs its numbers off."""

from django.utils import timezone

from performance.appraisals import actions
from performance.config.demo.story.stage import Stage
from performance.people.models import BusinessUnit, Period

HR = "LM-0004"


def tell(stage: Stage) -> None:
    last = Period.objects.order_by("starts_on").first()
    if last is None:
        raise LookupError("The story has no quarter to appraise.")
    hr, at = stage.actor(HR), timezone.now()
    cycle = actions.open_cycle(
        period=last,
        name_en=f"Appraisal {last.name_en}",
        name_zh=f"{last.name_zh}考核",
        unit=BusinessUnit.objects.get(code="RETAIL"),
        by=hr,
        at=at,
    )
    actions.sign_off_cycle(cycle=cycle, by=hr, at=at)
