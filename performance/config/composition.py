"""Who answers for whom, by dotted name: what an app asks of those above it, which it does not import. Part of settings."""

from typing import Literal

# Collectors of evidence by the kind of a component's source; checked at start-up.
SCORE_SOURCES = {
    "okr": "okr.evidence.attainment",
    "kpi": "performance.kpis.evidence.metric_values",
}
# Who is scored by what: sources and metrics may not be changed by whoever they score.
SCORED_BY = "performance.scoring.queries.is_scored_by"
# The titles of the objectives that somebody may see, for notes tied to them and scores read from them:
# (actor, ids) -> {id: title}; and the page of one, by `objective_id`. Both are checked at start-up.
OBJECTIVE_TITLES = "okr.queries.visible_titles"
OBJECTIVE_PAGE = "okr:objective"
# By what the progress of objectives last moved since a moment: (ids, since) -> {id: (what, person id, at)}; checked at
# start-up.
OBJECTIVE_ORIGINS = "okr.queries.progress_origins"
# Who has written of objectives in the apps beside okr: (ids) -> {id: {person ids}}. Nobody takes such a goal away.
OBJECTIVE_WRITERS = ["feedback.queries.writers_on_objectives"]
# Their key results: (actor, ids of objectives) -> {id: (objective, title)}.
KEY_RESULT_TITLES = "okr.queries.visible_key_results"
# What two people who meet may want to talk about: (actor, employee, manager, since) -> points, newest first.
TALKING_POINTS = ["okr.queries.talking_points"]
# What can be cited of a person's work in a review: (actor, person, first day, last day) -> Citables; checked at start-up.
CITABLE = ["okr.queries.citable", "feedback.queries.citable"]
METRICS_OVER = "performance.kpis.queries.keys_over"
# What reads a metric, for those who sign a change of it: (actor, keys, first day concerned) -> Uses; checked at start-up.
METRIC_USES = [
    "performance.kpis.queries.metric_uses",
    "performance.scoring.queries.metric_uses",
    "okr.queries.metric_uses",
]
# Who is asking: foundation does not know people, so it is told where to find them.
ACTOR_LOADER = "performance.people.queries.load_actor"
MEMBERSHIPS = "performance.people.queries.memberships_of"
# Who else wrote the name of a person whose personal data is erased: called with a `Forgotten`, in its transaction.
FORGETTERS = [
    "performance.inbox.actions.forget_person",
    "performance.kpis.actions.forget_person",
    "performance.scoring.actions.forget_person",
    "okr.actions.forget_person",
    "feedback.actions.forget_person",
    "performance.appraisals.actions.forget_person",
]
# What waits for somebody whose last day is over: called with the person, who stands in for them, and when.
LEAVERS = [
    "okr.actions.pass_goals_on",
    "feedback.actions.let_meetings_go",
    "feedback.actions.let_requests_go",
    "performance.inbox.actions.pass_work_on",
    "performance.kpis.actions.let_views_go",
    "performance.scoring.actions.let_questions_go",
]
# Who tells people that a reporting line was changed by hand: called in its transaction.
LINE_TELLERS = ["performance.inbox.actions.tell_of_line", "okr.actions.follow_line"]
# What rests while a period is locked, and comes back: called with the period in the transaction that moves or locks it.
PERIOD_FOLLOWERS = ["okr.actions.follow_locks"]
# Who follows another fiscal calendar, or refuses it: called with pattern and first month of the year, before and after, in
# the transaction that changes the organisation.
CALENDAR_FOLLOWERS = ["performance.kpis.actions.follow_fiscal_calendar"]
# What the end of a period leaves open in the apps above people: (periods, at) -> {id: [Unfinished]}.
PERIOD_LEFTOVERS = ["okr.queries.unfinished"]
# What the kinds of work are like that each app puts before people: which go up the line, who else may do them.
WORK_KINDS = [
    "performance.inbox.kinds.own_kinds",
    "okr.queries.work_kinds",
    "feedback.queries.work_kinds",
    "performance.kpis.queries.work_kinds",
    "performance.scoring.queries.work_kinds",
    "performance.appraisals.queries.kinds.work_kinds",
]
# What the set-up list of a new organisation counts in the apps above people.
SETUP_COUNTERS = {
    "sources": "performance.config.shell.count_sources",
    "goals": "performance.config.shell.count_objectives",
}
# Access of views that are not ours to decorate, by module. allauth guards its own pages.
ACCESS_OF_THIRD_PARTIES: dict[str, Literal["public", "signed_in"]] = {
    "allauth.account": "public",
    # The second step comes before anybody counts as signed in.
    "allauth.mfa.base": "public",
    "allauth.mfa": "signed_in",
    "allauth.usersessions": "signed_in",
    "allauth.decorators": "public",
    "django.views.i18n": "public",
    "django.contrib.staticfiles": "public",
    "drf_spectacular": "signed_in",
}
