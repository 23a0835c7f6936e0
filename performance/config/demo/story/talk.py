"""Chapter 5: people thank each other, ask and tell each other what would help, rate the week together and meet in pairs."""

import datetime

from feedback import actions, queries
from feedback.models import CompanyValue
from performance.config.demo import calendar
from performance.config.demo.story.stage import Stage, Words
from performance.people import queries as people
from performance.people import rules as people_rules

NOTES: list[tuple[str, str, str, str, int, Words]] = [
    ("LM-0015", "LM-0003", "praise", "public", 1,
     ("Chunxi had every top item on Saturday. First time ever. Thank you for the Sunday calls.",
      "周六春熙路店畅销品一件没断，头一回。谢谢你周日还来电话。")),
    ("LM-0002", "LM-0012", "praise", "public", 6,
     ("The supplier scorecard is the clearest page we own.", "供应商评分页是我们最清楚的一页。")),
    ("LM-0005", "LM-0003", "suggestion", "recipient", 8,
     ("When a call changes an order, send one line after it. My team learns two days late.",
      "电话里改了订单，会后发一行字吧。我的团队晚两天才知道。")),
    ("LM-0003", "LM-0010", "praise", "manager", 3,
     ("You ran the pilot with the store team, not for it. 31 of 40 items now order themselves.",
      "你是和门店一起做试点，不是替他们做。40 件里已有 31 件自动订货。")),
    ("LM-0014", "LM-0103", "praise", "public", 10,
     ("West Lake trained its new shift lead in a week. Guests noticed.", "西湖店一周就带出新值班主管，顾客都感觉到了。")),
]  # fmt: skip
HR, CHEN_WEI, LIN_YUE, XU_FEI, ZHAO_LAN = "LM-0004", "LM-0002", "LM-0003", "LM-0005", "LM-0015"
#: name and meaning in English and Chinese
VALUES = [
    ("Guests first", "顾客为先", "What the guest in the store would say decides.", "听门店里顾客怎么说。"),
    ("Open numbers", "数字敞亮", "Good and bad figures are told on the day.", "好的坏的数字，当天都说。"),
    ("Grow each other", "彼此成就", "Whoever can do it shows somebody how.", "会的人带一个人学会。"),
]
#: author → the value that their public praise names, by its place, and its points
SHOWN = {ZHAO_LAN: (0, 8), CHEN_WEI: (1, 5), "LM-0014": (2, 5)}
ASKED: Words = ("What should I do differently when I change an order?", "我改订单时，哪些地方应该换个做法？")
ANSWERED: Words = ("Call before noon. After noon our trucks are loaded, and a change costs us the evening.",
                   "请在中午前来电话。下午车已装好，再改一次，我们就要忙一晚上。")  # fmt: skip
TOPICS: list[tuple[str, int, Words]] = [
    (LIN_YUE, 10, ("Two suppliers still confirm by phone", "还有两家供应商只用电话确认")),
    (CHEN_WEI, 15, ("Who takes the Sunday calls in January", "一月的周日电话由谁接")),
]
NEXT: Words = ("What the stock count taught us", "这次盘点教会了我们什么")
AGREED: list[tuple[str, int, bool, Words]] = [
    (LIN_YUE, 1, True, ("Write down the Sunday call in five lines", "把周日电话的做法写成五行")),
    (CHEN_WEI, 4, False, ("Ask finance for the wages by shift", "向财务要分班次的工资数据")),
]
PAIRS = [("LM-0003", "LM-0002"), ("LM-0010", "LM-0003"), ("LM-0015", "LM-0002")]


def tell(stage: Stage) -> None:
    values = _values(stage)
    for author, about, kind, visibility, days_ago, words in NOTES:
        place, points = SHOWN[author] if visibility == "public" else (None, 0)
        note = actions.write_note(
            by=stage.actor(author),
            at=calendar.at(stage.days.today - datetime.timedelta(days=days_ago), 17, 20),
            about=stage.actor(about).person,
            kind=kind,
            text=stage.say(words),
            visibility=visibility,
            value=None if place is None else values[place],
            points=points,
        )
        if days_ago > 2:
            actions.read_note(
                note=note, by=stage.actor(about), at=note.written_at + datetime.timedelta(hours=2)
            )
    _ask(stage)
    _rate_weeks(stage)
    _meet(stage)


def _values(stage: Stage) -> list[CompanyValue]:
    long_ago = calendar.at(stage.days.today - datetime.timedelta(days=60), 9)
    return [
        actions.save_value(
            by=stage.actor(HR),
            at=long_ago,
            name_en=name_en,
            name_zh=name_zh,
            text_en=text_en,
            text_zh=text_zh,
            ordinal=place,
        )
        for place, (name_en, name_zh, text_en, text_zh) in enumerate(VALUES, start=1)
    ]


def _ask(stage: Stage) -> None:
    """Lin Yue asks two colleagues. Zhao Lan has answered; Xu Fei has it before her."""
    asker, today = stage.actor(LIN_YUE), stage.days.today
    answered, _open = actions.ask_for_feedback(
        by=asker,
        at=calendar.at(today - datetime.timedelta(days=5), 15),
        to=[stage.actor(ZHAO_LAN).person, stage.actor(XU_FEI).person],
        about=asker.person,
        question=stage.say(ASKED),
        due_on=today + datetime.timedelta(days=3),
    )
    actions.answer_request(
        request=answered,
        text=stage.say(ANSWERED),
        visibility="recipient",
        by=stage.actor(ZHAO_LAN),
        at=calendar.at(today - datetime.timedelta(days=4), 11),
    )


def _meet(stage: Stage) -> None:
    """A 1:1 was held six days ago, and the next one has a topic already."""
    lin_yue, chen_wei, today = stage.actor(LIN_YUE), stage.actor(CHEN_WEI), stage.days.today
    before, held_on = (today - datetime.timedelta(days=days) for days in (9, 6))
    one = actions.begin_one_on_one(
        by=chen_wei,
        at=calendar.at(before, 16),
        employee=lin_yue.person,
        manager=chen_wei.person,
        starts_at=calendar.at(held_on, 10),
        every_weeks=1,
        minutes=30,
    )
    meeting = one.meetings.get()
    for author, minutes, words in TOPICS:
        topic = actions.add_topic(
            meeting=meeting,
            text=stage.say(words),
            minutes=minutes,
            by=stage.actor(author),
            at=calendar.at(before, 17),
        )
        actions.mark_topic(topic=topic, is_discussed=True, by=chen_wei, at=calendar.at(held_on, 10, 20))
    for owner, days, is_done, words in AGREED:
        item = actions.add_action_item(
            meeting=meeting,
            what=stage.say(words),
            owner=stage.actor(owner).person,
            by=chen_wei,
            at=calendar.at(held_on, 10, 25),
            due_on=today + datetime.timedelta(days=days),
        )
        if is_done:
            done_at = calendar.at(held_on + datetime.timedelta(days=2), 9)
            actions.mark_action_item(item=item, is_done=True, by=stage.actor(owner), at=done_at)
    actions.hold_meeting(meeting=meeting, by=chen_wei, at=calendar.at(held_on, 10, 30))
    actions.add_topic(
        meeting=one.meetings.get(held_at=None),
        text=stage.say(NEXT),
        by=lin_yue,
        at=calendar.at(held_on + datetime.timedelta(days=1), 9),
    )


def _rate_weeks(stage: Stage) -> None:
    """Five past weeks are answered by both. This week Chen Wei has answered; Lin Yue has not yet."""
    this_week = people_rules.monday_of(people.today(stage.organisation))
    for employee, manager in PAIRS:
        for weeks_ago in range(5, 0, -1):
            for author in (employee, manager):
                _answer(stage, employee, manager, author, this_week - datetime.timedelta(weeks=weeks_ago))
    _answer(stage, "LM-0003", "LM-0002", "LM-0002", this_week)


def _answer(stage: Stage, employee: str, manager: str, author: str, monday: datetime.date) -> None:
    actions.send_pulse(
        by=stage.actor(author),
        at=calendar.at(monday + datetime.timedelta(days=3), 18),
        employee=stage.actor(employee).person,
        manager=stage.actor(manager).person,
        week_start=monday,
        answers={question: stage.chance.randint(2, 5) for question in queries.QUESTIONS},
    )
