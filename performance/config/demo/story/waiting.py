"""Chapter 8: what waits for HR and the owners when the demo begins."""

import dataclasses
import datetime
from decimal import Decimal

from feedback import actions as feedback
from okr import actions as goals
from performance.config.demo import calendar
from performance.config.demo.story.numbers import BUSINESS, BY_STORE, FINANCE, NOT_TIED
from performance.config.demo.story.stage import Stage, Words
from performance.config.demo.story.weights import COMPONENTS
from performance.kpis import actions as kpis
from performance.kpis import queries as metrics
from performance.kpis.models import Alert, Metric
from performance.kpis.queries import months, whatif
from performance.people import actions as people
from performance.people.models import Period
from performance.scoring import actions as scoring
from performance.scoring.models import WeightPolicy
from performance.sources.models import Dataset

CHEN_WEI, HR, ADMINISTRATOR, AUDITOR, SUN_TAO = "LM-0002", "LM-0004", "LM-0007", "LM-0009", "LM-0013"
MERCHANDISING = "LM-0008"

NOTES: list[tuple[str, str, str, Words]] = [
    (CHEN_WEI, HR, "suggestion",
     ("The appraisal opens while stores count stock. One week later would give managers time to write well.",
      "考核开放时门店正在盘点。晚一周，主管们才能好好写评语。")),
    (BUSINESS, ADMINISTRATOR, "praise",
     ("The ledger was in by seven every morning this month. Nobody asked for a number twice.",
      "这个月总账每天早上七点就到位，没人再为一个数问两遍。")),
    (FINANCE, AUDITOR, "praise",
     ("Your list of open questions made the quarter's close two days shorter.", "你列的问题清单让季度结账快了两天。")),
]  # fmt: skip


def tell(stage: Stage) -> None:
    _ask_for_signatures(stage)
    _propose_change(stage)
    _propose_next_weights(stage)
    _keep_rhythm(stage)
    _watch_margins(stage)
    _keep_views(stage)
    _share_scenario(stage)
    for author, about, kind, words in NOTES:
        feedback.write_note(
            by=stage.actor(author),
            at=calendar.at(stage.days.today - datetime.timedelta(days=1), 11, 5),
            about=stage.actor(about).person,
            kind=kind,
            text=stage.say(words),
            visibility="recipient",
        )


def _keep_rhythm(stage: Stage) -> None:
    """This week's check-ins are owed; the manager of the south is on leave and excused."""
    monday = stage.days.today - datetime.timedelta(days=stage.days.today.weekday())
    at = calendar.at(monday, 8)
    people.note_absence(
        person=stage.actor(SUN_TAO).person,
        kind="leave",
        starts_on=monday,
        ends_on=monday + datetime.timedelta(days=6),
        by=stage.actor(SUN_TAO),
        at=at,
    )
    period = Period.objects.select_related("organisation").get(starts_on=stage.days.quarter)
    goals.open_duties(period=period, monday=monday, at=at)


def _keep_views(stage: Stage) -> None:
    """The business owner shares a board of the stores and has it mailed; finance keeps one of its own."""
    at = calendar.at(stage.days.today - datetime.timedelta(days=2), 10)
    margin, revenue = (Metric.objects.get(key=key) for key in ("gross_margin", "revenue"))
    business, finance = stage.actor(BUSINESS), stage.actor(FINANCE)
    stores = kpis.save_view(
        name=stage.say(("Stores against last month", "门店对比上月")),
        is_shared=True,
        wording=kpis.ViewWording(metric=margin, cut="store", basis="month"),
        by=business,
        at=at,
    )
    kpis.subscribe(view=stores, rhythm="weekly", day=1, by=business, at=at)
    kpis.pin_view(view=stores, by=finance, at=at)
    kpis.save_view(
        name=stage.say(("Before the close", "结账前核对")),
        is_shared=False,
        wording=kpis.ViewWording(metric=revenue, cut="store"),
        by=finance,
        at=at,
    )


def _watch_margins(stage: Stage) -> None:
    """The weakest store's margin has fallen below a limit; its cause is known, what came of it is not yet."""
    at = calendar.at(stage.days.today - datetime.timedelta(days=1), 15)
    metric = Metric.objects.select_related("business_owner", "finance_owner").get(key="gross_margin")
    month = metrics.latest_month([metric.pk]) or stage.days.quarter
    by_store = metrics.values().filter(metric=metric, dimensions="store", period_start=month)
    known = [one.value for one in by_store.order_by("value") if one.value is not None]
    kpis.set_alert_rule(
        metric=metric,
        wording=kpis.RuleWording(
            kind="threshold",
            operator="below",
            value=round(Decimal(sum(known[:2])) / 2, 2),
            cut="store",
            owner=stage.actor(BUSINESS).person,
        ),
        by=stage.actor(FINANCE),
        at=at,
    )
    kpis.watch_values(organisation=stage.organisation, at=at)
    alert = Alert.objects.filter(metric=metric, month=month).order_by("value").first()
    if alert is None:
        return
    kpis.take_up_alert(
        alert=alert,
        cause=stage.say(
            ("The new supplier of fresh goods charges more, and prices were not changed.",
             "新的生鲜供应商提价，而售价没有调整。")
        ),
        action=stage.say(
            ("Prices of forty items follow next Monday; talks with the old supplier.",
             "下周一调整 40 个商品的售价，同时与原供应商重新谈判。")
        ),
        due_on=stage.days.today + datetime.timedelta(days=6),
        by=stage.actor(BUSINESS),
        at=at + datetime.timedelta(hours=1),
    )  # fmt: skip


def _share_scenario(stage: Stage) -> None:
    """Merchandising wonders what dearer goods would do to the profit, and lets everybody see it."""
    by, at = stage.actor(MERCHANDISING), calendar.at(stage.days.today - datetime.timedelta(days=1), 16)
    profit = Metric.objects.select_related("business_owner", "finance_owner").get(key="profit")
    before = calendar.shift(stage.days.today.replace(day=1), -1)
    ground = whatif.ground_of(profit, since=before, until=months.last_of(before), within={})
    moves = whatif.Moves(
        {"revenue": ("percent", Decimal(3)), "customers": ("percent", Decimal(-2))}, volume="customers"
    )
    scenario = kpis.save_scenario(
        told=whatif.what_if(ground, moves),
        name=stage.say(("Prices up 3%, customers down 2%", "涨价 3%，顾客少 2%")),
        reason=stage.say(
            ("Prices of fresh goods follow the new supplier; a few customers will not.",
             "生鲜售价跟随新供应商上调，会有少数顾客不再光顾。")
        ),
        by=by,
        at=at,
    )  # fmt: skip
    kpis.share_scenario(scenario=scenario, by=by, at=at)


def _ask_for_signatures(stage: Stage) -> None:
    """A number from each side, signed by that side: the other one reads it next."""
    at = calendar.at(stage.days.today - datetime.timedelta(days=3), 10)
    for writer, side, key, names, why, definition in (
        (
            BUSINESS, "business", "basket", ("Average basket", "客单价"),
            ("Revenue of the tills by different customer.", "收银收入除以顾客数。"),
            {"kind": "ratio", "formula": "revenue / customers", "unit": "money:CNY / count:customer"},
        ),
        (
            FINANCE, "finance", "wages", ("Store wages", "门店工资"),
            ("Ledger account 6601.", "总账科目 6601。"),
            {"kind": "base", "aggregation": "sum", "expression": "amount", "time_column": "posted_on",
             "filters": [{"column": "account", "op": "=", "value": "6601"}], "unit": "money:CNY",
             "direction": "down", "dataset": Dataset.objects.get(key="postings"),
             "tie_out_reason": stage.say(NOT_TIED["postings"])},
        ),
    ):  # fmt: skip
        by = stage.actor(writer)
        version = kpis.draft_metric(
            key=key,
            name_en=names[0],
            name_zh=names[1],
            business_owner=stage.actor(BUSINESS).person,
            finance_owner=stage.actor(FINANCE).person,
            definition=kpis.Definition(
                effective_from=stage.days.quarter,
                description_en=why[0],
                description_zh=why[1],
                dimensions=BY_STORE,
                **definition,
            ),
            by=by,
            at=at,
        )
        kpis.submit_for_review(version=version, by=by, at=at)
        kpis.sign_version(version=version, side=side, by=by, at=at)


def _propose_change(stage: Stage) -> None:
    """Finance would leave the goods out of the cost share: whoever signs sees by how much each month moves."""
    at = calendar.at(stage.days.today - datetime.timedelta(days=2), 15)
    by = stage.actor(FINANCE)
    metric = Metric.objects.get(key="cost_share")
    version = kpis.revise_metric(
        metric=metric,
        definition=kpis.Definition(
            kind="ratio",
            formula="(store_cost - goods_cost) / revenue * 100",
            unit="percent",
            direction="down",
            effective_from=calendar.shift(stage.days.quarter, 3),
            description_en="Every cost of the ledger but the goods, in percent of the tills' revenue.",
            description_zh="总账中除商品外的全部成本，占收银收入的百分比。",
            dimensions=BY_STORE,
            change_note=stage.say(
                ("The gross margin tells of the goods already; this is what a store can move.",
                 "商品成本已由毛利率反映；这里只留门店能影响的部分。")
            ),
        ),
        by=by,
        at=at,
    )  # fmt: skip
    kpis.submit_for_review(version=version, by=by, at=at)


def _propose_next_weights(stage: Stage) -> None:
    """HR plans the next quarter: profit weighs a little more. Both sides are asked."""
    hr, at = stage.actor(HR), calendar.at(stage.days.today - datetime.timedelta(days=1), 9)
    first = calendar.shift(stage.days.quarter, 3)
    number = (first.month + 2) // 3
    period = people.open_period(
        name_en=f"Q{number} {first.year}",
        name_zh=f"{first.year}年第{'一二三四'[number - 1]}季度",
        kind="quarter",
        starts_on=first,
        ends_on=calendar.quarter_end(first),
        by=hr,
        at=at,
    )
    version = scoring.draft_next_version(policy=WeightPolicy.objects.get(), period=period, by=hr, at=at)
    shares = {"profit_per_customer": 300_000, "cost_share": 150_000}
    components = [dataclasses.replace(one, base_ppm=shares.get(one.key, one.base_ppm)) for one in COMPONENTS]
    reason = stage.say(
        (
            "The chain is profitable; what a customer leaves should now weigh more.",
            "全链已盈利，客均利润应占更大权重。",
        )
    )
    version = scoring.revise_draft(
        version=version, period=period, stage=version.stage, missing=version.missing,
        step_cap_ppm=version.step_cap_ppm, components=components, reason=reason, by=hr, at=at,
    )  # fmt: skip
    for simulation in scoring.simulate_policy(version=version, by=hr, at=at):
        scoring.take_simulation(simulation_id=simulation.pk, at=at)
        while scoring.advance_simulation(simulation_id=simulation.pk, at=at):
            pass
    scoring.propose_policy(version=version, reason=reason, by=hr, at=at)
