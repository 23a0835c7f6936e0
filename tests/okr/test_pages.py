"""The week on its pages: what they show, and what a form says when it is wrong."""

import datetime
from decimal import Decimal

from django.urls import reverse

from okr import actions
from okr.models import CheckIn, CheckInDraft
from performance.people import models as people
from tests.okr.conftest import monday_of, week_of

HTMX = {"HX-Request": "true"}


def posted_week(objective, **changed):
    up, down, steps, answer = objective.key_results.all()
    return {
        f"value-{up.pk}": "1,0.5",
        f"value-{down.pk}": "10",
        f"confidence-{up.pk}": "4",
        f"steps-{steps.pk}": [str(steps.milestones.first().pk)],
        f"done-{answer.pk}": "yes",
        "wins": "The first store is live.",
        "plans": "",
        "blockers": "",
        "asks": "",
    } | changed


def test_home_says_what_to_do_where_nothing_is_yet(cast, quarter, client_for):
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert "No key results to report on yet" in page
    assert reverse("okr:propose") in page


def test_home_without_a_period_sends_hr_to_open_one(cast, client_for):
    assert "No period is open" in client_for(cast.hr).get(reverse("okr:home")).content.decode()


def test_the_check_in_is_filled_before_it_is_opened(active, check_in, cast, client_for):
    check_in(actions.Reading(active.key_results.first().pk, value=Decimal("4.50"), confidence=3))
    page = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert 'value="4.5"' in page
    assert 'value="3" aria-label="3 · Even" checked' in page


def test_an_earlier_week_shows_what_was_reported_then(active, check_in, cast, client_for, quarter, now):
    measured = active.key_results.first().pk
    week = datetime.timedelta(days=7)
    quarter.starts_on -= 2 * week  # on its first days, too, a week lies behind
    quarter.save()
    check_in(
        actions.Reading(measured, value=Decimal("4.25"), confidence=2),
        week_starts_on=monday_of(now.date()) - week,
        at=now - week,
    )
    check_in(actions.Reading(measured, value=Decimal("4.75"), confidence=5))
    earlier = reverse("okr:week", args=[week_of(now.date() - week)])
    page = client_for(cast.employee).get(earlier).content.decode()
    assert 'value="4.25"' in page
    assert 'value="4.75"' not in page
    assert 'value="2" aria-label="2 · Doubtful" checked' in page


def test_who_needs_a_reply_is_counted_apart_from_what_waits(active, cast, client_for):
    page = client_for(cast.manager).get(reverse("okr:my_team")).content.decode()
    assert "Needs a reply 0" in page


def test_the_button_follows_the_eye_where_a_check_in_is_owed_alone(active, cast, client_for):
    people.Organisation.objects.filter(pk=cast.organisation.pk).update(country="")
    owed = client_for(cast.employee).get(reverse("okr:home")).content.decode()
    assert 'id="checkin-send-small"' in owed
    not_owed = client_for(cast.hr).get(reverse("okr:home")).content.decode()
    assert "Not asked for this week" in not_owed
    assert 'id="checkin-send-small"' not in not_owed
    assert '<div class="card-footer">\n    <button type="submit" id="checkin-send"' in not_owed


def test_a_word_why_may_be_said_of_any_confidence_and_is_asked_for_where_it_is_low(
    active, check_in, cast, client_for, this_week
):
    sure, *_others, unsure = active.key_results.all()
    client = client_for(cast.employee)

    def offered():
        page = client.get(reverse("okr:home")).content.decode()
        return page, [
            f'Say why<span class="visually-hidden">: {each.title}' in page for each in (sure, unsure)
        ]

    assert offered()[1] == [True, True]
    sent = posted_week(active, **{f"confidence-{unsure.pk}": "2", f"note-{sure.pk}": "Two stores agreed."})
    client.post(reverse("okr:check_in", args=[this_week]), sent)
    (entry,) = CheckIn.objects.get().entries.filter(key_result=sure)
    assert (entry.confidence, entry.note) == (4, "Two stores agreed.")
    page, quiet = offered()
    assert quiet == [False, False]
    assert 'value="Two stores agreed."' in page
    assert f"Why this confidence in {unsure.title}" in page
    manager = client_for(cast.manager).get(reverse("okr:my_team"), {"show": "all"}).content.decode()
    assert "Two stores agreed." in manager


def test_a_week_of_a_goals_history_leads_those_to_its_check_in_who_may_open_it(
    active, check_in, cast, client_for
):
    said = check_in(actions.Reading(active.key_results.first().pk, value=Decimal("4.5")))
    link = f'href="{reverse("okr:conversation", args=[said.pk])}"'
    for name, opens in (("employee", True), ("manager", True), ("auditor", True), ("colleague", False)):
        page = client_for(getattr(cast, name)).get(reverse("okr:objective", args=[active.pk]))
        assert (link in page.content.decode()) is opens, name


def test_one_post_reports_the_whole_week(active, cast, client_for, this_week):
    response = client_for(cast.employee).post(reverse("okr:check_in", args=[this_week]), posted_week(active))
    assert response.status_code == 302
    submitted = CheckIn.objects.get()
    assert submitted.wins == "The first store is live."
    active.refresh_from_db()
    assert active.progress_micro is not None
    assert active.key_results.first().current == Decimal("10.5")


def test_a_fragment_post_answers_with_the_card_and_wakes_the_other_panels(
    active, cast, client_for, this_week
):
    response = client_for(cast.employee).post(
        reverse("okr:check_in", args=[this_week]), posted_week(active), headers=HTMX
    )
    assert response.status_code == 200
    assert response.content.decode().lstrip().startswith("<form")
    assert "todo:changed" in response["HX-Trigger"]


def test_the_pressed_button_is_found_again_in_what_takes_its_place(
    active, check_in, propose, cast, client_for, this_week, actor, now
):
    """By its id: whoever works by keyboard goes on where they were."""
    employee, manager = client_for(cast.employee), client_for(cast.manager)
    sent = employee.post(reverse("okr:check_in", args=[this_week]), posted_week(active), headers=HTMX)
    for page in (employee.get(reverse("okr:home")), sent):
        assert 'id="checkin-send"' in page.content.decode()

    said = manager.post(reverse("okr:comment", args=[active.pk]), {"text": "Well."}, headers=HTMX)
    assert 'id="comment-send"' in said.content.decode()

    week = CheckIn.objects.get()
    opened = manager.get(reverse("okr:reply", args=[week.pk]), headers=HTMX).content.decode()
    answered = manager.post(reverse("okr:reply", args=[week.pk]), {"text": "Good."}, headers=HTMX)
    assert "data-focus></textarea>" in opened
    for row in (opened, answered.content.decode()):
        assert row.count(f'id="answer-{week.pk}"') == 1


def test_what_is_no_number_comes_back_beside_its_field(active, cast, client_for, this_week):
    wrong = posted_week(active, **{f"value-{active.key_results.first().pk}": "a few"})
    response = client_for(cast.employee).post(reverse("okr:check_in", args=[this_week]), wrong, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="a few"' in page
    assert 'aria-invalid="true"' in page
    assert "The first store is live." in page
    assert not CheckIn.objects.exists()


def test_same_as_last_week_takes_what_stands_and_keeps_what_was_just_changed(
    active, check_in, cast, client_for, this_week, now, quarter
):
    up, down, steps, answer = active.key_results.all()
    ticked, other, *_rest = steps.milestones.all()
    week = datetime.timedelta(days=7)
    quarter.starts_on -= 2 * week
    quarter.save()
    check_in(
        actions.Reading(up.pk, value=Decimal(4), confidence=3),
        actions.Reading(down.pk, value=Decimal(9), confidence=2),
        actions.Reading(steps.pk, milestones_done=frozenset({ticked.pk})),
        actions.Reading(answer.pk, done=False),
        week_starts_on=monday_of(now.date()) - week,
    )
    client = client_for(cast.employee)
    assert 'id="checkin-same"' in client.get(reverse("okr:home")).content.decode()
    # As the page fills it; then a value, a tick and a confidence are changed, and another value is emptied.
    sent = {
        f"value-{up.pk}": "5",
        f"confidence-{up.pk}": "3",
        f"value-{down.pk}": "",
        f"confidence-{down.pk}": "4",
        "with-steps": str(steps.pk),
        f"steps-{steps.pk}": [str(ticked.pk), str(other.pk)],
        f"done-{answer.pk}": "no",
        "wins": "Quiet week.",
    }
    assert client.post(reverse("okr:check_in", args=[this_week]), sent).status_code == 302
    entries = {
        entry.key_result_id: entry
        for entry in CheckIn.objects.get(week_starts_on=monday_of(now.date())).entries.all()
    }
    assert (entries[up.pk].value, entries[up.pk].confidence) == (5, 3)
    assert (entries[down.pk].value, entries[down.pk].confidence) == (9, 4)
    assert set(entries[steps.pk].milestones_done) == {str(ticked.pk), str(other.pk)}
    assert entries[answer.pk].done is False


def test_a_draft_saves_itself_and_comes_back(active, cast, client_for, this_week):
    client = client_for(cast.employee)
    response = client.post(
        reverse("okr:check_in_draft", args=[this_week]), posted_week(active, wins="Half a sen"), headers=HTMX
    )
    assert "Draft saved" in response.content.decode()
    assert CheckInDraft.objects.get().fields["wins"] == "Half a sen"
    assert "Half a sen" in client.get(reverse("okr:home")).content.decode()


def test_a_draft_remembers_that_a_milestone_was_unticked(active, check_in, cast, client_for, this_week):
    steps = active.key_results.get(kind="milestones")
    first = steps.milestones.first()
    check_in(actions.Reading(steps.pk, milestones_done=frozenset({first.pk})))
    client = client_for(cast.employee)
    ticked = f'value="{first.pk}"'

    def box():
        page = client.get(reverse("okr:home")).content.decode()
        assert f'name="with-steps" value="{steps.pk}"' in page
        return page[page.index(ticked) :].split(">")[0]

    assert "checked" in box()
    typed = posted_week(active, **{"with-steps": str(steps.pk)})
    del typed[f"steps-{steps.pk}"]
    client.post(reverse("okr:check_in_draft", args=[this_week]), typed, headers=HTMX)
    assert "checked" not in box()


def test_the_manager_sees_who_needs_an_answer_and_answers(active, check_in, cast, client_for):
    submitted = check_in(blockers="The lift is broken.", asks=cast.manager)
    client = client_for(cast.manager)
    page = client.get(reverse("okr:my_team")).content.decode()
    assert "The lift is broken." in page
    assert "Asks for help" in page
    assert "Cody Colleague" not in page, "nobody waits for whoever owes nothing"
    answer = client.post(reverse("okr:reply", args=[submitted.pk]), {"text": "Coming."}, headers=HTMX)
    assert "Coming." in answer.content.decode()
    assert (
        "Coming."
        in client_for(cast.employee).get(reverse("okr:conversation", args=[submitted.pk])).content.decode()
    )


def test_an_empty_answer_is_none_unless_it_says_read(active, check_in, cast, client_for):
    submitted = check_in(blockers="The lift is broken.", asks=cast.manager)
    client, address = client_for(cast.manager), reverse("okr:reply", args=[submitted.pk])
    for headers in ({}, HTMX):
        refused = client.post(address, {"text": "  "}, headers=headers)
        assert refused.status_code == 422
        assert "Write something first" in refused.content.decode()
    assert not submitted.replies.exists()
    assert client.post(address, {"text": "", "read": "1"}, headers=HTMX).status_code == 200
    assert submitted.replies.get().text == ""


def test_milestones_that_nobody_touched_are_no_report(active, cast, client_for, this_week):
    _up, _down, steps, _answer = active.key_results.all()
    posted = posted_week(active)
    del posted[f"steps-{steps.pk}"]
    assert (
        client_for(cast.employee).post(reverse("okr:check_in", args=[this_week]), posted).status_code == 302
    )
    steps.refresh_from_db()
    assert steps.progress_micro is None
    assert set(steps.milestones.values_list("done", flat=True)) == {None}


def test_a_number_ten_times_the_last_is_asked_about_once(active, check_in, cast, client_for, this_week):
    up = active.key_results.first()
    check_in(actions.Reading(up.pk, value=Decimal("4.5"), confidence=3))
    client, address = client_for(cast.employee), reverse("okr:check_in", args=[this_week])
    slipped = posted_week(active) | {f"value-{up.pk}": "45"}
    asked = client.post(address, slipped)
    assert asked.status_code == 422
    assert "Did you mean 4.5?" in asked.content.decode()
    assert f'name="sure-{up.pk}" value="45"' in asked.content.decode()
    assert client.post(address, slipped | {f"sure-{up.pk}": "46"}).status_code == 422
    assert client.post(address, slipped | {f"sure-{up.pk}": "45"}).status_code == 302
    up.refresh_from_db()
    assert up.current == 45


def test_after_the_check_in_the_strip_shows_what_it_moved(active, cast, client_for, this_week):
    client = client_for(cast.employee)
    answer = client.post(reverse("okr:check_in", args=[this_week]), posted_week(active), headers=HTMX)
    assert answer.status_code == 200
    card, _form, strip = answer.content.decode().rpartition('<section class="card strip')
    assert "card-checkin" in card
    assert 'hx-swap-oob="true"' in strip
    assert "1 in a row" in strip
