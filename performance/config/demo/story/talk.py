"""Chapter 5: people thank each other, tell each other what would help, and rate the week together."""

import datetime

from feedback import actions, queries
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
PAIRS = [("LM-0003", "LM-0002"), ("LM-0010", "LM-0003"), ("LM-0015", "LM-0002")]


def tell(stage: Stage) -> None:
    for author, about, kind, visibility, days_ago, words in NOTES:
        note = actions.write_note(
            by=stage.actor(author),
            at=calendar.at(stage.days.today - datetime.timedelta(days=days_ago), 17, 20),
            about=stage.actor(about).person,
            kind=kind,
            text=stage.say(words),
            visibility=visibility,
        )
        if days_ago > 2:
            actions.read_note(
                note=note, by=stage.actor(about), at=note.written_at + datetime.timedelta(hours=2)
            )
    _rate_weeks(stage)


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
