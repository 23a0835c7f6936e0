"""Chapter 7: teams need something from each other, and one looks back on the quarter that closed."""

import datetime

from okr import actions, models
from performance.config.demo import calendar
from performance.config.demo.story import goals
from performance.config.demo.story.goals import CHEN_WEI, LIN_YUE, Goal, Result
from performance.config.demo.story.stage import Stage, Words
from performance.people.models import Period, Team

ELENA, XU_FEI, ZHAO_LAN, YE_CHEN = "LM-0008", "LM-0005", "LM-0015", "LM-0014"

#: Goals of teams that the stores depend on.
GOALS = [
    Goal(
        ELENA,
        ("The winter range lands on time", "冬装按时到店"),
        ("What arrives after the first cold day is sold at a discount.", "降温之后才到的货，只能打折卖。"),
        (
            Result("percent", ("Ranges on the shelf on the planned day", "按计划日上架的系列"), 60, "71", "95", "%"),
            Result("decrease", ("Days from order to shelf", "从下单到上架的天数"), 40, "34", "24"),
        ),
        team="MER",
    ),
    Goal(
        XU_FEI,
        ("Deliveries keep their day", "送货守时"),
        ("A store can plan its shifts only around a truck that comes.", "车准时到，门店才能排班。"),
        (
            Result("percent", ("Deliveries on the promised day", "按约定日送达"), 70, "83", "96", "%"),
            Result("decrease", ("Damaged parcels per thousand", "每千件破损数"), 30, "9", "4"),
        ),
        team="SUP",
    ),
]  # fmt: skip

NOTES: list[tuple[str, str, Words]] = [
    (LIN_YUE, "went_well", ("The order calendar held in all nine stores.", "九家门店都守住了订货日历。")),
    (ZHAO_LAN, "went_well", ("Saturdays without an empty shelf in Chengdu.", "成都周六没有空货架。")),
    (YE_CHEN, "learned", ("A target without its own stock figure is a wish.", "没有自己的库存数，目标只是愿望。")),
    (CHEN_WEI, "learned", ("We saw the late suppliers in week four and spoke in week nine.",
                           "第四周就看到供应商迟了，第九周才开口。")),
    (LIN_YUE, "change", ("Ask Merchandising for what we need before the quarter starts.",
                         "开季之前就向商品部提出需要什么。")),
]  # fmt: skip


def tell(stage: Stage) -> None:
    last, this = Period.objects.filter(starts_on__lte=stage.days.today).order_by("starts_on")
    merchandising, supply = [goals.agree(stage, this, goal) for goal in GOALS]
    goals.live_through(stage, this, GOALS)
    _need_each_other(stage, this, merchandising, supply)
    _look_back(stage, last)


def _need_each_other(
    stage: Stage, period: Period, merchandising: models.Objective, supply: models.Objective
) -> None:
    """One is taken on; the other still waits for its answer."""
    asked_on = max(period.starts_on, stage.days.today - datetime.timedelta(days=16))
    accepted = actions.ask_of_objective(
        objective=_standing(stage, period, "Never out of stock, never overstocked", "不断货，也不压货"),
        on=merchandising,
        what=stage.say(
            (
                "A return agreement for winter stock with the three largest suppliers.",
                "与三家最大的供应商签好冬装退货协议。",
            )
        ),
        due_on=period.ends_on,
        by=stage.actor(LIN_YUE),
        at=calendar.at(asked_on, 11),
    )
    actions.accept_dependency(
        dependency=accepted,
        by=stage.actor(ELENA),
        at=calendar.at(asked_on + datetime.timedelta(days=1), 9, 40),
    )
    actions.ask_of_objective(
        objective=_standing(stage, period, "Full shelves, lean stock", "货架满、库存轻"),
        on=supply,
        what=stage.say(("A second delivery a week to the stores in Chengdu.", "成都门店每周增加一次送货。")),
        due_on=period.ends_on,
        by=stage.actor(CHEN_WEI),
        at=calendar.at(max(period.starts_on, stage.days.today - datetime.timedelta(days=1)), 15),
    )


def _standing(stage: Stage, period: Period, *title: str) -> models.Objective:
    return models.Objective.objects.get(period=period, title=stage.say((title[0], title[1])))


def _look_back(stage: Stage, period: Period) -> None:
    """Store Operations closes its retrospective with two actions; one of them is done."""
    team, first = Team.objects.get(code="OPS"), stage.days.quarter
    for place, (author, column, words) in enumerate(NOTES):
        actions.add_retrospective_note(
            team=team,
            period=period,
            column=column,
            text=stage.say(words),
            by=stage.actor(author),
            at=calendar.at(first + datetime.timedelta(days=1), 10, 7 * place),
        )
    closed = actions.close_retrospective(
        team=team,
        period=period,
        agreed=[
            actions.Agreed(
                what=stage.say(words),
                owner=stage.actor(number).person,
                due_on=stage.days.today + datetime.timedelta(days=days),
            )
            for number, days, words in (
                (LIN_YUE, 9, ("List what the stores need from other teams, before the next quarter.",
                              "下一季开始前，列出门店需要其他团队做什么。")),
                (YE_CHEN, 4, ("Show late suppliers on the weekly page.", "在周报页上标出迟交的供应商。")),
            )
        ],
        by=stage.actor(CHEN_WEI),
        at=calendar.at(first + datetime.timedelta(days=2), 16),
    )  # fmt: skip
    done = models.AgreedAction.objects.get(retrospective=closed, owner=stage.actor(YE_CHEN).person)
    actions.finish_agreed_action(
        action=done,
        by=stage.actor(YE_CHEN),
        at=calendar.at(
            max(first + datetime.timedelta(days=2), stage.days.today - datetime.timedelta(days=3)), 17
        ),
    )
