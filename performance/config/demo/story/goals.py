"""Chapter 3: goals are proposed, talked over and agreed; every week people check in and their managers answer."""

import dataclasses
import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from okr import actions, models, queries
from performance.config.demo import calendar, company
from performance.config.demo.story.stage import Stage, Words
from performance.engine import fixed
from performance.people.models import Period, Team

CHEN_WEI, LIN_YUE, LIU_YANG = "LM-0002", "LM-0003", "LM-0010"
REGIONAL = {"Chengdu": "LM-0015", "Hangzhou": "LM-0014", "Shenzhen": "LM-0013"}
STEP = Decimal("0.1")
#: Who has not reported this week when the demo begins.
STILL_OPEN = {LIN_YUE, "LM-0013", "LM-0104"}


@dataclass(frozen=True)
class Result:
    """A key result as somebody would write it. Amounts as text."""

    kind: str
    title: Words
    share: int
    start: str = ""
    target: str = ""
    unit: str = ""
    currency: str = ""
    metric: str = ""
    part: dict[str, str] = field(default_factory=dict)
    milestones: tuple[Words, ...] = ()
    #: What is expected after so many weeks, where the season does not run evenly.
    checkpoints: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Goal:
    owner: str
    title: Words
    why: Words
    results: tuple[Result, ...]
    kind: str = "committed"
    #: The English title of the goal that it serves, and how much of that one it carries in percent; 0 supports it.
    serves: str = ""
    share: int = 0
    #: The code of the team whose goal it is; else its owner's own.
    team: str = ""


STORE_STEPS: tuple[Words, ...] = tuple((store.name_en, store.name_zh) for store in company.STORES)

GOALS = [
    Goal(
        CHEN_WEI,
        ("Full shelves, lean stock", "货架满、库存轻"),
        ("A guest finds what they came for, and no city pays for stock that does not move.",
         "顾客来了就有货，也不为不动销的库存买单。"),
        (
            Result("percent", ("On-shelf availability of the chain", "全链货架有货率"), 40, "91.5", "96"),
            Result("money", ("Stock older than 180 days", "库龄超过 180 天的存货"), 30, "9200000", "5500000",
                   currency="CNY"),
            Result("kpi", ("Gross margin of the chain", "全链毛利率"), 30, "46", "52", "%", metric="gross_margin"),
        ),
    ),
    Goal(
        LIN_YUE,
        ("Never out of stock, never overstocked", "不断货，也不压货"),
        ("Winter stock ties up cash that Longhua needs.", "冬装压着的钱，正是龙华店需要的。"),
        (
            Result("increase", ("On-shelf availability, top 500 items", "TOP 500 商品货架有货率"), 30, "92.1", "97", "%"),
            # The clearance sale is in the last month, and the first store takes the longest.
            Result("money", ("Clear slow-moving stock", "清理滞销库存"), 20, "3800000", "1500000", currency="CNY",
                   checkpoints=((4, "3600000"), (9, "2900000"))),
            Result("milestones", ("Order calendar in every store", "订货日历覆盖全部门店"), 20, milestones=STORE_STEPS,
                   checkpoints=((5, "15"),)),
            Result("kpi", ("Profit per customer", "客均利润"), 30, "140", "210", "CNY", metric="profit_per_customer"),
        ),
        serves="Full shelves, lean stock",
    ),
    Goal(
        LIN_YUE,
        ("One calm ordering rhythm", "统一、从容的订货节奏"),
        ("Planning should take hours, not Sundays.", "订货应当是几个小时的事，不该占掉周日。"),
        (
            Result("decrease", ("Planning hours per store-week", "单店每周订货工时"), 60, "11", "6", "h"),
            Result("yes_no", ("Fresh food reorders itself", "生鲜自动补货上线"), 40),
        ),
        kind="aspirational",
        serves="Full shelves, lean stock",
    ),
    *(
        Goal(
            number,
            (f"{city} earns its growth", f"{company.CITIES[city]}的增长要赚钱"),
            ("Every store of the region ends the quarter in the black.", "区域内每家门店季末都盈利。"),
            (
                Result("kpi", ("Revenue of the quarter", "本季销售收入"), 40, "0", "5200000", "CNY", metric="revenue",
                       part={"city": city}),
                Result("kpi", ("Gross margin", "毛利率"), 30, "46", "53", "%", metric="gross_margin",
                       part={"city": city}),
                Result("decrease", ("Staff turnover per quarter", "季度员工流失率"), 30, "14", "8", "%"),
            ),
            serves="Full shelves, lean stock",
        )
        for city, number in REGIONAL.items()
    ),
    *(
        Goal(
            f"LM-{100 + index:04d}",
            (f"{store.name_en}: a store people come back to", f"{store.name_zh}：让人愿意再来"),
            ("Regulars are cheaper than flyers.", "回头客比传单划算。"),
            (
                Result("kpi", ("Revenue of the quarter", "本季销售收入"), 35, "0", str(store.visitors * 38_000), "CNY",
                       metric="revenue", part={"store": store.code}),
                Result("kpi", ("Profit per customer", "客均利润"), 25, "0", "240", "CNY", metric="profit_per_customer",
                       part={"store": store.code}),
                Result("increase", ("Mystery shopper score", "神秘顾客评分"), 20, "78", "88", ""),
                Result("decrease", ("Stock-outs of top items a week", "畅销品每周断货次数"), 20, "14", "4", ""),
            ),
            serves=f"{store.city} earns its growth",
            share=10,
        )
        for index, store in enumerate(company.STORES)
    ),
]  # fmt: skip

WINS: list[Words] = [
    ("Qianjiang is live on the order calendar, two weeks early.", "钱江新城店提前两周上线订货日历。"),
    (
        "Chunxi had every top item on Saturday. First time this year.",
        "春熙路店周六畅销品一件没断，今年头一回。",
    ),
    ("The new shift plan held for the whole week.", "新排班整周都稳住了。"),
    ("Three regulars brought friends; the tea corner works.", "三位老顾客带了朋友来，茶角有效果。"),
    ("Stock count finished in one evening instead of two.", "盘点一个晚上就做完了，以前要两个。"),
]
PLANS: list[Words] = [
    ("Walk the order calendar with two more stores.", "再带两家门店过一遍订货日历。"),
    ("Move slow jackets to Chengdu before the cold spell.", "降温前把滞销羽绒服调到成都。"),
    ("Train the new shift lead on refunds.", "教新的值班主管处理退货。"),
    (
        "Call the twenty customers who have not been back since spring.",
        "给春天以后没再来的二十位顾客打电话。",
    ),
]
BLOCKERS: list[Words] = [
    ("The supplier ended the return agreement for winter stock.", "供应商终止了冬装退货协议。"),
    ("Two associates are on sick leave until Wednesday.", "两位同事病假到周三。"),
]
ANSWERS: list[Words] = [
    ("Good. Show me the Nanshan list in our 1:1.", "好。一对一时给我看南山店的清单。"),
    ("Thank you, that is a clear week. Keep the order.", "谢谢，这周写得很清楚。保持这个顺序。"),
    ("Then the target should say so. Let us talk before Friday.", "那目标就该如实反映。周五前聊一下。"),
]
OFF_TRACK: Words = (
    "Weekdays are below plan; the weekend campaign starts on Friday.",
    "工作日低于计划，周五开始周末活动。",
)


def tell(stage: Stage) -> None:
    last, this = Period.objects.order_by("starts_on")
    for period, owners in ((last, {CHEN_WEI, LIN_YUE, *REGIONAL.values()}), (this, None)):
        agreed = [agree(stage, period, goal) for goal in GOALS if owners is None or goal.owner in owners]
        _align(stage, agreed)
        live_through(stage, period, GOALS)
    _leave_open(stage, this)


def _content(stage: Stage, goal: Goal, first: datetime.date) -> models.Content:
    return models.Content(
        title=stage.say(goal.title),
        description=stage.say(goal.why),
        type=goal.kind,
        key_results=tuple(_result(stage, result, first) for result in goal.results),
    )


def _result(stage: Stage, result: Result, first: datetime.date) -> models.KeyResultContent:
    return models.KeyResultContent(
        kind=result.kind,
        title=stage.say(result.title),
        weight_ppm=result.share * 10_000,
        unit=result.unit,
        currency=result.currency,
        start=Decimal(result.start) if result.start else None,
        target=Decimal(result.target) if result.target else None,
        metric_key=result.metric,
        slice=result.part,
        milestones=tuple(models.MilestoneContent(title=stage.say(title)) for title in result.milestones),
        checkpoints=tuple(
            models.CheckpointContent(first + datetime.timedelta(days=7 * weeks - 1), Decimal(value))
            for weeks, value in result.checkpoints
        ),
    )


def agree(stage: Stage, period: Period, goal: Goal) -> models.Objective:
    """Proposed a week before the quarter, talked over, agreed by both before it starts."""
    owner = stage.actor(goal.owner)
    first = period.starts_on
    objective = actions.propose_objective(
        period=period,
        content=_content(stage, goal, first),
        **({"team": Team.objects.get(code=goal.team), "owner_kind": "team"} if goal.team else {}),
        by=owner,
        at=calendar.at(first - datetime.timedelta(days=9), 10),
    )
    manager = stage.actor(_manager_number(goal.owner))
    actions.comment_on_objective(
        objective=objective,
        text=stage.say(("Ambitious and clear. I agree.", "有挑战，也清楚。我同意。")),
        by=manager,
        at=calendar.at(first - datetime.timedelta(days=6), 15),
    )
    return actions.agree_objective(
        objective=objective,
        version_number=1,
        by=manager,
        at=calendar.at(first - datetime.timedelta(days=5), 11),
    )


def _manager_number(number: str) -> str:
    return next(each.manager or "" for each in company.employees() if each.number == number)


def _align(stage: Stage, objectives: Sequence[models.Objective]) -> None:
    """Whoever leads what is served says who carries how much of it."""
    titles = {objective.title: objective for objective in objectives}
    for goal in GOALS:
        parent = next((each for each in GOALS if each.title[0] == goal.serves), None)
        child, above = titles.get(stage.say(goal.title)), parent and titles.get(stage.say(parent.title))
        if parent and child and above:
            actions.align_objectives(
                child=child,
                parent=above,
                kind="contributes" if goal.share else "supports",
                share_ppm=goal.share * 10_000,
                by=stage.actor(parent.owner if goal.share else goal.owner),
                at=calendar.at(child.period.starts_on, 9),
            )


def live_through(stage: Stage, period: Period, goals: Sequence[Goal]) -> None:
    """Friday after Friday, everybody with goals reports. In this quarter, this week is still open."""
    owners = list(dict.fromkeys(goal.owner for goal in goals))
    until = min(stage.days.today, period.ends_on + datetime.timedelta(days=1))
    this_week = stage.days.today - datetime.timedelta(days=stage.days.today.weekday())
    weeks = stage.days.weeks(period.starts_on, until)
    for number, monday in enumerate(weeks, start=1):
        elapsed = Decimal(number) / Decimal(13)
        for owner in owners:
            if monday == this_week and owner in STILL_OPEN:
                continue
            is_recent = number > len(weeks) - 2 and period.ends_on >= stage.days.today
            _check_in(stage, period, owner, monday, elapsed, is_recent=is_recent)


def _check_in(
    stage: Stage, period: Period, owner: str, monday: datetime.date, elapsed: Decimal, *, is_recent: bool
) -> None:
    person = stage.actor(owner)
    mine = list(
        models.KeyResult.objects.filter(
            objective__owner_id=person.person_id, objective__period=period, objective__state="active"
        )
        .select_related("objective__period")
        .prefetch_related("milestones")
    )
    # Somebody is away now and then; nobody reports on nothing.
    if not mine or (stage.chance.random() < 0.06 and not is_recent):
        return
    friday = monday + datetime.timedelta(days=4)
    pace = Decimal(str(round(stage.chance.uniform(0.82, 1.12), 3)))
    is_stuck = owner == LIN_YUE and is_recent
    asks = stage.actor(_manager_number(owner)).person if is_stuck else None
    paced = [result for result in mine if result.checkpoints]
    expected = queries.paces_of(paced, friday, person.organisation).expected if paced else {}
    due = {key: Decimal(each.micro) / fixed.HUNDRED for key, each in expected.items()}
    check_in = _submitted(
        stage,
        [_reading(stage, result, due.get(result.pk, elapsed) * pace) for result in mine],
        period=period,
        week_starts_on=monday,
        wins=stage.say(stage.chance.choice(WINS)),
        plans=stage.say(stage.chance.choice(PLANS)),
        blockers=stage.say(stage.chance.choice(BLOCKERS)) if asks or stage.chance.random() < 0.2 else "",
        asks=asks,
        by=person,
        at=calendar.at(friday, 16, stage.chance.randint(0, 59)),
    )
    answered_on = friday + datetime.timedelta(days=3)
    if answered_on < stage.days.today and (not is_recent or stage.chance.random() < 0.6):
        actions.reply_to_check_in(
            check_in=check_in,
            text=stage.say(stage.chance.choice(ANSWERS)),
            by=stage.actor(_manager_number(owner)),
            at=calendar.at(answered_on, 9, 30),
        )


def _submitted(stage: Stage, readings: list[actions.Reading], **words: Any) -> models.CheckIn:
    """Sends it; where Accord asks why a bound key result is off track, says so and sends it again."""
    explained = {reading.key_result_id: reading for reading in readings}
    for _attempt in readings:
        try:
            return actions.submit_check_in(readings=list(explained.values()), **words)
        except actions.CheckInRefused as refusal:
            kind, _dash, key = (refusal.field or "").partition("-")
            if kind != "note":
                raise
            key_result_id = uuid.UUID(key)
            explained[key_result_id] = dataclasses.replace(
                explained[key_result_id], note=stage.say(OFF_TRACK)
            )
    return actions.submit_check_in(readings=list(explained.values()), **words)


def _reading(stage: Stage, result: models.KeyResult, done: Decimal) -> actions.Reading:
    confidence = min(5, max(1, 3 + stage.chance.randint(-1, 2)))
    if result.kind == "kpi":
        return actions.Reading(key_result_id=result.pk, confidence=confidence)
    if result.kind == "yes_no":
        return actions.Reading(key_result_id=result.pk, done=done > 1, confidence=confidence)
    if result.kind == "milestones":
        steps = list(result.milestones.all())
        reached = frozenset(step.pk for step in steps[: int(done * len(steps))])
        return actions.Reading(key_result_id=result.pk, milestones_done=reached, confidence=confidence)
    value = result.start + (result.target - result.start) * done
    places = STEP if abs(result.target - result.start) < 1000 else Decimal(1000)
    value = (value / places).quantize(Decimal(1)) * places
    return actions.Reading(key_result_id=result.pk, value=value, confidence=confidence)


def _leave_open(stage: Stage, period: Period) -> None:
    """What waits for people when the demo begins: a new objective to agree, and a suggestion on it."""
    proposer, manager = stage.actor(LIU_YANG), stage.actor(LIN_YUE)
    now = stage.days.today
    content = models.Content(
        title=stage.say(("Binjiang orders by itself", "滨江店自动订货")),
        description=stage.say(("The pilot that the other stores will copy.", "其他门店会照着做的试点。")),
        key_results=tuple(
            models.KeyResultContent(
                kind="increase",
                title=stage.say(title),
                weight_ppm=500_000,
                unit=unit,
                start=start,
                target=target,
            )
            for title, unit, start, target in (
                (("Items that order themselves", "自动订货的商品数"), "", Decimal(31), Decimal(40)),
                (("Orders accepted without a change", "无需修改的订单占比"), "%", Decimal(62), Decimal(90)),
            )
        ),
    )
    objective = actions.propose_objective(
        period=period, content=content, by=proposer, at=calendar.at(now - datetime.timedelta(days=2), 10)
    )
    actions.suggest_edit(
        objective=objective,
        field=f"{content.key_results[0].id}.target",
        new="45",
        by=manager,
        at=calendar.at(now - datetime.timedelta(days=1), 9),
        reason=stage.say(("Forty-five would cover the fresh range as well.", "45 件就能把生鲜也包括进来。")),
    )
