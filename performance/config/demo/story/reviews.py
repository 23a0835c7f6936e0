"""Chapter 9: the stores talk over the quarter that closed. Some reviews are sent, some are drafts, three are late."""

import datetime
import uuid
from collections.abc import Mapping

from django.db.models import QuerySet

from performance.appraisals import actions, queries
from performance.appraisals.models import Cycle, CycleEntry, Review, ReviewKind, Stage, TemplateVersion
from performance.config.demo import calendar
from performance.config.demo.story import stage as told
from performance.config.demo.story.stage import Words
from performance.people.models import BusinessUnit, Period

HR, CHEN_WEI, LIN_YUE = "LM-0004", "LM-0002", "LM-0003"
ZHAO_LAN, YE_CHEN, XU_FEI = "LM-0015", "LM-0014", "LM-0005"
#: stage → days from today on which it begins and ends
PLAN: dict[str, tuple[int, int]] = {
    Stage.SELF: (-12, -2),
    Stage.PEERS: (-8, 4),
    Stage.MANAGER: (-6, 8),
    Stage.CALIBRATION: (9, 12),
    Stage.PUBLISH: (13, 14),
    Stage.ACKNOWLEDGE: (15, 22),
    Stage.APPEAL: (15, 29),
}
OPENED = 13
#: Their own review is still due: one of them has begun it.
LATE = ("LM-0012", "LM-0243", "LM-0281")
BEGAN = LATE[0]
#: Store managers who have written about everybody in their store.
DONE = ("LM-0100", "LM-0101", "LM-0103")
#: Who thinks of whom above them: what is said upward is sent.
UPWARD = ("LM-0010", "LM-0011", "LM-0100", "LM-0101", "LM-0102")
OVERRIDES = 6

#: By kind of review, the sentences of each section it is asked, in order.
SAID: dict[str, list[list[Words]]] = {
    ReviewKind.SELF: [
        [
            ("My goal moved every month; the last two weeks were the best.", "目标每个月都有进展，最后两周最好。"),
            ("I reached most of it. Stock-outs on two Saturdays cost me the rest.",
             "大部分做到了，两个周六断货影响了其余部分。"),
            ("The number is below what we agreed. I asked for help too late.", "数字低于约定，我求助晚了。"),
        ],
        [
            ("I told the next shift what they needed to know, in writing.", "该让下一班知道的，我都写下来交接。"),
            ("I kept my promises to the team; I could decide faster.", "对团队说到做到，但决定可以更快。"),
        ],
        [
            ("I want to lead one stock count next quarter, with somebody beside me.",
             "下季度想主导一次盘点，希望有人带一带。"),
            ("I would like to learn how the replenishment orders are made.", "想学习补货单是怎么做出来的。"),
        ],
    ],
    ReviewKind.PEER: [
        [
            ("Calls before a change hits my stores. Two of the calls came on the day itself.",
             "改动影响门店之前会先打电话，有两次是当天才打。"),
            ("Says plainly what will not arrive. I can plan with that.", "到不了的货会直说，我好安排。"),
        ],
    ],
    ReviewKind.UPWARD: [
        [
            ("Takes time for us every week, and decides on numbers.", "每周都留时间给我们，用数字做决定。"),
            ("Listens. I sometimes learn of a change from the stores first.", "愿意听。有时改动我是先从门店知道的。"),
        ],
    ],
    ReviewKind.MANAGER: [
        [
            ("Reached what we agreed; the check-ins told early where it was tight.",
             "达成了约定的目标，签到也早早说明了哪里吃紧。"),
            ("Steady over the whole quarter, also in the two weeks of the count.", "整个季度都很稳，盘点的两周也一样。"),
        ],
        [
            ("Colleagues come with questions, and leave with an answer.", "同事带着问题来，都能得到答复。"),
            ("Keeps promises. Could share bad news a day sooner.", "说到做到。坏消息可以早一天说。"),
        ],
        [
            ("Next: train one new colleague from the first day to the first month.",
             "下一步：带一名新同事，从第一天到第一个月。"),
            ("Next: take the order meeting twice, then we look back together.", "下一步：主持两次订货会，之后一起复盘。"),
        ],
    ],
}  # fmt: skip
OVERRIDDEN: Words = (
    "The score counts a store that was closed for repairs for nine days; the work was better than that.",
    "得分包含了停业维修九天的门店，实际表现更好。",
)


def tell(stage: told.Stage) -> None:
    cycle = _open(stage)
    _send_self_reviews(stage, cycle)
    _ask_peers(stage, cycle)
    _send_upward(stage, cycle)
    _write_about_people(stage, cycle)


def _day(stage: told.Stage, days: int) -> datetime.date:
    return stage.days.today + datetime.timedelta(days=days)


def _open(stage: told.Stage) -> Cycle:
    hr, at = stage.actor(HR), calendar.at(_day(stage, -OPENED), 9)
    last = Period.objects.get(starts_on=stage.days.last_quarter)
    cycle = actions.open_cycle(
        period=last,
        name_en=f"Reviews {last.name_en}",
        name_zh=f"{last.name_zh}评价",
        unit=BusinessUnit.objects.get(code="RETAIL"),
        template_version=_template(stage, at),
        days={each: (_day(stage, first), _day(stage, end)) for each, (first, end) in PLAN.items()},
        by=hr,
        at=at,
    )
    while actions.ask_for_reviews(at=calendar.at(_day(stage, PLAN[Stage.SELF][0]), 8)):
        continue
    return cycle


def _template(stage: told.Stage, at: datetime.datetime) -> TemplateVersion:
    hr = stage.actor(HR)
    draft = actions.start_template(name_en="Quarterly review", name_zh="季度评价", by=hr, at=at)
    return actions.publish_version(version=draft, note="", by=hr, at=at)


def _send_self_reviews(stage: told.Stage, cycle: Cycle) -> None:
    for review in _reviews(cycle, ReviewKind.SELF):
        if review.reviewer.number in LATE:
            continue
        day = stage.chance.randint(PLAN[Stage.SELF][0] + 1, PLAN[Stage.SELF][1])
        _write(stage, review, day, is_sent=True)
    _write(stage, _reviews(cycle, ReviewKind.SELF).get(reviewer__number=BEGAN), -3, is_sent=False)


def _ask_peers(stage: told.Stage, cycle: Cycle) -> None:
    """Lin Yue named three: one has written, one is asked, one waits for Chen Wei. Lin Yue is asked about Zhao Lan."""
    named = _day(stage, PLAN[Stage.PEERS][0])
    of_lin_yue = _entry(cycle, LIN_YUE)
    for number in (ZHAO_LAN, XU_FEI, YE_CHEN):
        review = actions.nominate_peer(
            entry=of_lin_yue,
            peer=stage.actor(number).person,
            by=stage.actor(LIN_YUE),
            at=calendar.at(named, 11),
        )
        if number != YE_CHEN:
            actions.approve_peer(review=review, by=stage.actor(CHEN_WEI), at=calendar.at(named, 16))
    of_zhao_lan = _entry(cycle, ZHAO_LAN)
    for number in (LIN_YUE, YE_CHEN):
        actions.nominate_peer(
            entry=of_zhao_lan,
            peer=stage.actor(number).person,
            by=stage.actor(CHEN_WEI),
            at=calendar.at(named, 16),
        )
    actions.ask_for_reviews(at=calendar.at(named, 17))
    sent = _reviews(cycle, ReviewKind.PEER).filter(state="open")
    _write(stage, sent.get(entry=of_lin_yue, reviewer__number=ZHAO_LAN), -4, is_sent=True)
    _write(stage, sent.get(entry=of_zhao_lan, reviewer__number=YE_CHEN), -3, is_sent=True)


def _send_upward(stage: told.Stage, cycle: Cycle) -> None:
    for review in _reviews(cycle, ReviewKind.UPWARD).filter(reviewer__number__in=UPWARD):
        _write(stage, review, -3, is_sent=True)


def _write_about_people(stage: told.Stage, cycle: Cycle) -> None:
    """Three stores are done. Chen Wei has sent one and begun another; Lin Yue has begun one."""
    by_managers = _reviews(cycle, ReviewKind.MANAGER)
    for place, review in enumerate(by_managers.filter(reviewer__number__in=DONE)):
        day = stage.chance.randint(PLAN[Stage.MANAGER][0] + 1, -1)
        _write(stage, review, day, is_sent=True, overrides=place % OVERRIDES == 0)
    _write(stage, by_managers.get(entry__person__number=ZHAO_LAN), -2, is_sent=True)
    for number in (LIN_YUE, "LM-0010"):
        draft = by_managers.get(entry__person__number=number)
        _cite(stage, draft)
        _write(stage, draft, -1, is_sent=False, overrides=number == LIN_YUE)


def _cite(stage: told.Stage, review: Review) -> None:
    """The first section rests on a goal."""
    by, at = stage.actor(review.reviewer.number), calendar.at(_day(stage, -1), 14)
    goal = next((one for one in queries.citables(by, review) if one.kind == "objective"), None)
    if goal is not None:
        section = queries.sections_for(review)[0]
        actions.cite(review=review, section_id=section.pk, kind=goal.kind, subject=goal.subject, by=by, at=at)


def _write(stage: told.Stage, review: Review, day: int, *, is_sent: bool, overrides: bool = False) -> None:
    """A draft lacks its last section."""
    by = stage.actor(review.reviewer.number)
    at = calendar.at(_day(stage, day), stage.chance.randint(10, 18), stage.chance.randint(0, 59))
    answers = _answers(stage, review, by_suggestion=queries.suggested_rating(by, review), overrides=overrides)
    if not is_sent:
        answers = dict(list(answers.items())[:-1])
    saved = actions.save_draft(review=review, answers=answers, revision=review.revision, by=by, at=at)
    if is_sent:
        actions.submit_review(review=saved, revision=saved.revision, by=by, at=at)


def _answers(
    stage: told.Stage, review: Review, *, by_suggestion: int | None, overrides: bool
) -> Mapping[uuid.UUID, actions.Answer]:
    """Near what the score suggests; whoever differs from it says why."""
    answers = {}
    for section, sentences in zip(queries.sections_for(review), SAID[review.kind], strict=True):
        text = stage.say(stage.chance.choice(sentences))
        if section.takes_suggestion and by_suggestion is not None:
            rating = min(5, by_suggestion + 1) if overrides else by_suggestion
            why = stage.say(OVERRIDDEN) if rating != by_suggestion else ""
            answers[section.pk] = actions.Answer(rating, text, why)
        else:
            answers[section.pk] = actions.Answer(stage.chance.choice((3, 3, 4, 4, 5)), text)
    return answers


def _entry(cycle: Cycle, number: str) -> CycleEntry:
    return CycleEntry.objects.select_related("cycle", "person").get(cycle=cycle, person__number=number)


def _reviews(cycle: Cycle, kind: str) -> QuerySet[Review]:
    found = Review.objects.select_related("entry__cycle__period", "entry__person", "reviewer")
    return found.filter(entry__cycle=cycle, kind=kind).order_by("entry__number", "reviewer__number")
