"""Chapter 3b: whoever works in a store has a goal of their own, with one number, and reports on it once a month."""

import datetime
from decimal import Decimal

from okr import actions, models
from performance.config.demo import calendar, company
from performance.config.demo.story.stage import Stage, Words
from performance.people.models import Period

#: By job: the objective, its key result, unit, where it starts and what it should reach.
GOALS: dict[str, tuple[Words, Words, str, str, str]] = {
    "Sales associate": (("Guests leave with what suits them", "让顾客买到合适的"),
                        ("Pieces per customer", "客均件数"), "", "1.2", "1.6"),
    "Cashier": (("Nobody waits at the till", "收银不排队"),
                ("Minutes in the queue at noon", "午间排队分钟数"), "min", "7", "4"),
    "Stock keeper": (("The count is right", "账实相符"),
                     ("Items counted right the first time", "一次盘点准确率"), "%", "93", "99"),
    "Shift lead": (("A shift that runs itself", "班次自己转得动"),
                   ("Shifts without a gap a month", "每月无缺岗班次"), "", "38", "52"),
    "Visual merchandiser": (("Windows that bring people in", "橱窗把人带进来"),
                            ("Passers-by who come in", "进店率"), "%", "11", "15"),
}  # fmt: skip
#: After which part of the quarter they report; the last one is the quarter's own.
REPORTS = (Decimal("0.3"), Decimal("0.6"), Decimal(1))
WEEKS = 13
SMALLEST, TENTH = Decimal("0.01"), Decimal("0.1")


def tell(stage: Stage) -> None:
    sellers = [each for each in company.employees() if each.title_en in GOALS]
    for period in Period.objects.order_by("starts_on")[:2]:
        weeks = stage.days.weeks(
            period.starts_on, min(stage.days.today, period.ends_on + datetime.timedelta(days=1))
        )
        of_stores = {
            goal.owner_id: goal
            for goal in models.Objective.objects.filter(period=period).select_related("period")
        }
        for seller in sellers:
            objective = _agree(stage, period, seller)
            _serve(stage, objective, of_stores.get(stage.actor(seller.manager or "").person_id), seller)
            result = objective.key_results.get()
            skill = Decimal(str(round(stage.chance.gauss(1.0, 0.16), 3)))
            for part in REPORTS:
                place = int(part * WEEKS) - 1
                if place < len(weeks):
                    _report(stage, period, seller, result, weeks[place], part * max(skill, TENTH))


def _agree(stage: Stage, period: Period, seller: company.Employee) -> models.Objective:
    title, measured, unit, start, target = GOALS[seller.title_en]
    kind = "increase" if Decimal(target) > Decimal(start) else "decrease"
    content = models.Content(
        title=stage.say(title),
        key_results=(
            models.KeyResultContent(
                kind=kind, title=stage.say(measured), weight_ppm=1_000_000, unit=unit,
                start=Decimal(start), target=Decimal(target),
            ),
        ),
    )  # fmt: skip
    first = period.starts_on
    objective = actions.propose_objective(
        period=period,
        content=content,
        by=stage.actor(seller.number),
        at=calendar.at(first - datetime.timedelta(days=8), 14),
    )
    return actions.agree_objective(
        objective=objective,
        version_number=1,
        by=stage.actor(seller.manager or ""),
        at=calendar.at(first - datetime.timedelta(days=4), 18),
    )


def _serve(
    stage: Stage, objective: models.Objective, of_store: models.Objective | None, seller: company.Employee
) -> None:
    """Everybody's goal stands below that of their store."""
    if of_store is not None:
        actions.align_objectives(
            child=objective,
            parent=of_store,
            kind="supports",
            by=stage.actor(seller.number),
            at=calendar.at(objective.period.starts_on, 10),
        )


def _report(
    stage: Stage,
    period: Period,
    seller: company.Employee,
    result: models.KeyResult,
    monday: datetime.date,
    done: Decimal,
) -> None:
    value = result.start + (result.target - result.start) * done
    confidence = min(5, max(1, round(done * 5)))
    actions.submit_check_in(
        period=period,
        week_starts_on=monday,
        readings=[
            actions.Reading(key_result_id=result.pk, value=value.quantize(SMALLEST), confidence=confidence)
        ],
        by=stage.actor(seller.number),
        at=calendar.at(monday + datetime.timedelta(days=4), 17, stage.chance.randint(0, 59)),
    )
