"""Deeds in words: what the log calls each action, and each thing that an action changed."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation.components import formats

DEEDS = {
    "appraisals.acknowledge_result": _("Said that a result was read"),
    "appraisals.add_exception": _("Added a person to a cycle as an exception"),
    "appraisals.add_newcomers": _("Took newcomers into a cycle"),
    "appraisals.approve_peer": _("Agreed to a peer reviewer"),
    "appraisals.change_bands": _("Changed the rating bands"),
    "appraisals.change_stages": _("Changed the stages of a cycle"),
    "appraisals.decline_review": _("Declined to write a review"),
    "appraisals.delegate_review": _("Delegated a review"),
    "appraisals.decide_appeal": _("Decided an appeal"),
    "appraisals.file_appeal": _("Appealed against a result"),
    "appraisals.withdraw_appeal": _("Withdrew an appeal"),
    "appraisals.download_export": _("Downloaded an export"),
    "appraisals.excuse_review": _("Excused a review"),
    "appraisals.extend_cycle": _("Extended a cycle beyond its pilot"),
    "appraisals.fail_export": _("An export failed"),
    "appraisals.finish_export": _("Finished an export"),
    "appraisals.leave_out": _("Left a person out of a cycle"),
    "appraisals.nominate_peer": _("Nominated a peer reviewer"),
    "appraisals.open_cycle": _("Opened an appraisal cycle"),
    "appraisals.publish_cycle": _("Published the results of a cycle"),
    "appraisals.publish_template": _("Published a review template"),
    "appraisals.publish_wave": _("Published results of a cycle"),
    "appraisals.remind_late": _("Reminded of late reviews"),
    "appraisals.reopen_review": _("Sent a review back to its writer"),
    "appraisals.request_export": _("Asked for an export"),
    "appraisals.revise_template": _("Began a version of a review template"),
    "appraisals.sign_off_cycle": _("Signed off a cycle"),
    "appraisals.start_template": _("Began a review template"),
    "appraisals.stop_export": _("Stopped an export"),
    "appraisals.submit_review": _("Sent a review"),
    "appraisals.take_back_in": _("Took a person back into a cycle"),
    "appraisals.turn_peer_down": _("Turned a peer reviewer down"),
    "feedback.add_action_item": _("Added an action item to a 1:1"),
    "feedback.answer_request": _("Answered a request for feedback"),
    "feedback.ask_for_feedback": _("Asked for feedback"),
    "feedback.begin_one_on_one": _("Set up a 1:1"),
    "feedback.change_action_item": _("Changed an action item of a 1:1"),
    "feedback.change_one_on_one": _("Changed the rhythm of a 1:1"),
    "feedback.decline_request": _("Declined a request for feedback"),
    "feedback.end_one_on_one": _("Ended a 1:1"),
    "feedback.hold_meeting": _("Held a 1:1"),
    "feedback.move_meeting": _("Moved a 1:1"),
    "feedback.retire_value": _("Retired a company value"),
    "feedback.save_value": _("Changed a company value"),
    "feedback.set_points": _("Changed the points of a month"),
    "feedback.retract_note": _("Took back a note"),
    "feedback.send_pulse": _("Sent the weekly pulse"),
    "feedback.withdraw_request": _("Took back a request for feedback"),
    "feedback.write_note": _("Wrote a note"),
    "inbox.add_chat": _("Added a chat to be told in"),
    "inbox.add_webhook": _("Added a webhook"),
    "inbox.change_chat": _("Changed what a chat is told"),
    "inbox.close_endpoint": _("Removed a webhook or chat"),
    "inbox.pause_endpoint": _("Paused a webhook or chat"),
    "inbox.reseal_endpoints": _("Sealed an address with a new key"),
    "inbox.resume_endpoint": _("Resumed a webhook or chat"),
    "inbox.rotate_secret": _("Replaced the secret of a webhook"),
    "inbox.send_again": _("Sent a message of a webhook again"),
    "inbox.switch_off_endpoint": _("A webhook or chat was switched off"),
    "inbox.hand_work": _("Handed work over to a colleague"),
    "inbox.set_overdue_rule": _("Changed when work is overdue"),
    "inbox.take_work_back": _("Took work back that was handed over"),
    "kpis.change_view": _("Changed a saved view"),
    "kpis.apply_target_plan": _("Set targets by a plan"),
    "kpis.apply_rates": _("Kept a version of exchange rates"),
    "kpis.approve_scenario": _("Approved a scenario for one side"),
    "kpis.certify_version": _("Certified a definition"),
    "kpis.close_month": _("Closed a month"),
    "kpis.decline_scenario": _("Declined a scenario"),
    "kpis.decline_version": _("Declined a definition"),
    "kpis.draft_metric": _("Drafted a metric"),
    "kpis.draft_pack": _("Drafted metrics of a ready pack"),
    "kpis.edit_draft": _("Edited a draft definition"),
    "kpis.end_subscription": _("Stopped a view being mailed"),
    "kpis.export_board": _("Exported the board of metrics"),
    "kpis.hand_over_alert": _("Handed an alert over"),
    "kpis.import_definitions": _("Drafted metrics from a document"),
    "kpis.import_targets": _("Read targets from a dataset"),
    "kpis.name_dimension": _("Named a dimension"),
    "kpis.rates_after_closing": _("Exchange rates changed for closed months"),
    "kpis.remove_view": _("Removed a saved view"),
    "kpis.propose_scenario": _("Proposed a scenario as targets"),
    "kpis.put_scenario_in_force": _("Turned a scenario into targets"),
    "kpis.reckon_scenario": _("Reckoned a scenario anew"),
    "kpis.resolve_alert": _("Resolved an alert"),
    "kpis.retire_alert_rule": _("Retired an alert rule"),
    "kpis.retire_metric": _("Retired a metric"),
    "kpis.revise_metric": _("Revised a metric"),
    "kpis.save_view": _("Saved a view of the board"),
    "kpis.save_scenario": _("Saved a scenario"),
    "kpis.set_alert_rule": _("Set an alert rule"),
    "kpis.set_targets": _("Set targets"),
    "kpis.share_scenario": _("Shared a scenario"),
    "kpis.sign_version": _("Signed a definition"),
    "kpis.submit_for_review": _("Submitted a definition for review"),
    "kpis.subscribe": _("Asked for a view by e-mail"),
    "kpis.take_over_view": _("Took a shared view over"),
    "kpis.take_up_alert": _("Took an alert up"),
    "kpis.undo_target_plan": _("Took a plan of targets back"),
    "kpis.withdraw_point_note": _("Took a note on a value back"),
    "kpis.withdraw_scenario": _("Withdrew a scenario"),
    "kpis.write_point_note": _("Wrote a note on a value"),
    "okr.accept_dependency": _("Took on what another objective needs"),
    "okr.accept_edit": _("Accepted a suggested edit"),
    "okr.activate_objective": _("Started an objective"),
    "okr.add_retrospective_note": _("Added a note to a retrospective"),
    "okr.agree_objective": _("Agreed to an objective"),
    "okr.align_objectives": _("Linked two objectives"),
    "okr.apply_import": _("Applied an import of goals"),
    "okr.ask_of_objective": _("Asked something of another objective"),
    "okr.carry_over": _("Carried an objective over"),
    "okr.close_objective": _("Closed an objective"),
    "okr.close_retrospective": _("Closed a retrospective"),
    "okr.comment_on_objective": _("Commented on an objective"),
    "okr.correct_check_in": _("Corrected a check-in"),
    "okr.duplicate_objective": _("Copied an objective into a later period"),
    "okr.decline_dependency": _("Declined what another objective needs"),
    "okr.edit_retrospective_note": _("Changed a note of a retrospective"),
    "okr.finish_agreed_action": _("Did what a retrospective agreed on"),
    "okr.export_objectives": _("Exported objectives"),
    "okr.lapse_objective": _("Laid aside what was never agreed"),
    "okr.grade_objective": _("Graded an objective"),
    "okr.meet_dependency": _("Marked what was needed as met"),
    "okr.part_objectives": _("Removed a link between objectives"),
    "okr.propose_change": _("Proposed a change to an objective"),
    "okr.propose_objective": _("Proposed an objective"),
    "okr.put_in_force": _("Brought an objective into force"),
    "okr.reject_edit": _("Rejected a suggested edit"),
    "okr.remove_objective": _("Removed an objective that an import had brought in"),
    "okr.remove_retrospective_note": _("Removed a note of a retrospective"),
    "okr.reply_to_check_in": _("Replied to a check-in"),
    "okr.save_draft": _("Saved a draft objective"),
    "okr.set_policy": _("Changed how progress is counted"),
    "okr.hand_on_help": _("Handed a call for help on"),
    "okr.pass_agreement_on": _("Passed an agreement on to whoever takes over"),
    "okr.offer_contribution": _("Offered a contribution"),
    "okr.accept_contribution": _("Took a contribution"),
    "okr.open_vote": _("Asked for a blind vote"),
    "okr.close_vote": _("Ended a blind vote"),
    "okr.lapse_vote": _("Let a blind vote lapse"),
    "okr.leave_vote": _("Took somebody who has left out of a blind vote"),
    "okr.set_cadence": _("Changed when check-ins are due"),
    "okr.drop_cadence": _("Let a team follow everybody’s rhythm"),
    "okr.excuse_week": _("Excused a check-in"),
    "okr.restore_cadence": _("Took back a change of when check-ins are due"),
    "okr.take_import_back": _("Took an import of goals back"),
    "okr.take_excuse_back": _("Took back an excuse"),
    "okr.submit_check_in": _("Checked in"),
    "okr.suggest_edit": _("Suggested an edit"),
    "okr.withdraw_dependency": _("Withdrew what an objective needs"),
    "okr.withdraw_proposal": _("Withdrew a proposal"),
    "people.accept_invitation": _("Accepted an invitation"),
    "people.add_person": _("Added a person"),
    "people.apply_import": _("Applied an import of people"),
    "people.change_manager": _("Changed a manager"),
    "people.clear_calendar_day": _("Cleared a day of the calendar"),
    "people.close_team": _("Closed a team"),
    "people.create_token": _("Created a personal token"),
    "people.deactivate_person": _("Noted that a person leaves"),
    "people.edit_organisation": _("Changed the organisation"),
    "people.edit_person": _("Changed a person’s details"),
    "people.edit_team": _("Changed a team"),
    "people.erase_personal_data": _("Erased personal data"),
    "people.export_people": _("Exported people"),
    "people.found_organisation": _("Founded the organisation"),
    "people.grant_role": _("Granted a role"),
    "people.import_person": _("Imported a person"),
    "people.invite_person": _("Invited a person"),
    "people.join_team": _("Moved a person into a team"),
    "people.lock_goals": _("Locked the goals of a period"),
    "people.lock_progress": _("Locked the progress of a period"),
    "people.move_period": _("Moved a period on"),
    "people.note_absence": _("Noted days away"),
    "people.open_period": _("Opened a period"),
    "people.return_person": _("Took a person back"),
    "people.revoke_role": _("Revoked a role"),
    "people.revoke_token": _("Revoked a personal token"),
    "people.set_calendar_day": _("Set a day of the calendar"),
    "people.start_team": _("Started a team"),
    "people.undo_import": _("Undid an import of people"),
    "people.unlock_goals": _("Unlocked the goals of a period"),
    "people.unlock_progress": _("Unlocked the progress of a period"),
    "people.withdraw_absence": _("Took days away back"),
    "people.withdraw_change": _("Withdrew a planned change"),
    "people.withdraw_invitation": _("Withdrew an invitation"),
    "scoring.accept_stage": _("Accepted the business stage that cash flows propose"),
    "scoring.adopt_restatement": _("Agreed to restate frozen scores"),
    "scoring.carry_out_restatement": _("Restated frozen scores"),
    "scoring.overtake_restatement": _("Later figures overtook a restatement"),
    "scoring.propose_restatement": _("Proposed a restatement of frozen scores"),
    "scoring.reject_restatement": _("Did not adopt a restatement"),
    "scoring.start_restate_run": _("Compared frozen scores with what is known now"),
    "scoring.approve_policy": _("Approved a weight policy"),
    "scoring.answer_question": _("Answered a question about a score"),
    "scoring.ask_about_score": _("Asked about a score"),
    "scoring.ask_on": _("Asked on about a score"),
    "scoring.close_check": _("Looked into scores that differ"),
    "scoring.close_question": _("Closed a question about a score"),
    "scoring.discard_draft": _("Discarded a draft of weights"),
    "scoring.draft_policy": _("Drafted a weight policy"),
    "scoring.export_group_card": _("Exported the scorecard of a group"),
    "scoring.export_scorecard": _("Exported a scorecard"),
    "scoring.export_simulation": _("Exported the simulation of a weight policy"),
    "scoring.find_differences": _("Found scores that differ"),
    "scoring.lock_policy": _("Locked a weight policy"),
    "scoring.miss_first_day": _("Weights did not lock by themselves in time"),
    "scoring.propose_policy": _("Proposed a weight policy"),
    "scoring.resume_run": _("Resumed a score run"),
    "scoring.return_policy": _("Returned a weight policy"),
    "scoring.set_notice": _("Set the notice of new weights"),
    "scoring.simulate_policy": _("Simulated a weight policy on past periods"),
    "scoring.start_freeze_run": _("Froze the scores of a period"),
    "scoring.start_full_run": _("Started a full score run"),
    "scoring.start_incremental_run": _("Started a score run over what changed"),
    "scoring.stop_run": _("Stopped a score run"),
    "sources.add_endpoint": _("Added an endpoint"),
    "sources.change_connection": _("Changed a connection"),
    "sources.change_dataset": _("Changed a dataset"),
    "sources.change_endpoint": _("Changed an endpoint"),
    "sources.close_connection": _("Closed a connection"),
    "sources.close_dataset": _("Closed a dataset"),
    "sources.connect_source": _("Connected a source"),
    "sources.create_dataset": _("Created a dataset"),
    "kpis.explain_tie_out": _("Said why a metric differs from its ledger"),
    "sources.narrow_rows": _("Said who sees which rows of a dataset"),
    "sources.join_dataset": _("Took columns from another dataset"),
    "sources.remove_join": _("Gave columns of another dataset up"),
    "sources.look_at_table": _("Looked at a table"),
    "sources.pause_connection": _("Paused a connection"),
    "sources.remove_endpoint": _("Removed an endpoint"),
    "sources.push_rows": _("Sent rows"),
    "sources.reseal_credentials": _("Sealed credentials with a new key"),
    "sources.resume_connection": _("Resumed a connection"),
    "sources.start_load": _("Started a load"),
    "sources.stop_load": _("Stopped a load"),
    "sources.upload_file": _("Uploaded a file"),
}
#: Names in `changes` that are no field of the subject, or that read better so.
NAMES = {
    "remove": pgettext_lazy("log", "Removed"),
    "unpropose": pgettext_lazy("log", "Drafts again"),
    "restore": pgettext_lazy("log", "Former text back"),
    "withdraw": pgettext_lazy("log", "Changes withdrawn"),
    "stay": pgettext_lazy("log", "Stayed"),
    "roles_with_all_rows": _("Roles that see all rows"),
    "people_with_all_rows": _("People who see all rows"),
    "state": pgettext_lazy("log", "State"),
    "from": pgettext_lazy("log", "From"),
    "version": pgettext_lazy("log", "Version"),
    "side": pgettext_lazy("log", "Side"),
    "people": pgettext_lazy("log", "People"),
    "kind": pgettext_lazy("log", "Kind"),
    "week": pgettext_lazy("log", "Week"),
    "team": pgettext_lazy("log", "Team"),
    "rows": pgettext_lazy("log", "Rows"),
    "role": pgettext_lazy("log", "Role"),
    "parent": pgettext_lazy("log", "Serves"),
    "note": pgettext_lazy("log", "Note"),
    "needs": pgettext_lazy("log", "Needed from"),
    "message": pgettext_lazy("log", "Message"),
    "manager": pgettext_lazy("log", "Manager"),
    "left_on": pgettext_lazy("log", "Last day"),
    "filters": pgettext_lazy("log", "Filters"),
    "day": pgettext_lazy("log", "Day"),
    "changed": pgettext_lazy("log", "Changed"),
    "worked": pgettext_lazy("log", "Worked"),
    "without_score": pgettext_lazy("log", "Without a score"),
    "visibility": pgettext_lazy("log", "Visible to"),
    "until": pgettext_lazy("log", "Until"),
    "unit": pgettext_lazy("log", "Unit"),
    "stage": pgettext_lazy("log", "Stage"),
    "share_ppm": pgettext_lazy("log", "Share"),
    "scopes": pgettext_lazy("log", "Scopes"),
    "same": pgettext_lazy("log", "Unchanged"),
    "question": pgettext_lazy("log", "Asked for"),
    "primary": pgettext_lazy("log", "Primary team"),
    "period": pgettext_lazy("log", "Period"),
    "percent": pgettext_lazy("log", "Percent"),
    "number": pgettext_lazy("log", "Number"),
    "new": pgettext_lazy("log", "New"),
    "moved": pgettext_lazy("log", "Objectives with another progress"),
    "month": pgettext_lazy("log", "Month"),
    "key_results": pgettext_lazy("log", "Key results"),
    "key": pgettext_lazy("log", "Key"),
    "full": pgettext_lazy("log", "Full load"),
    "format": pgettext_lazy("log", "Format"),
    "file": pgettext_lazy("log", "File"),
    "expires_at": pgettext_lazy("log", "Expires"),
    "batch": pgettext_lazy("log", "Batch"),
    "endpoint": pgettext_lazy("log", "Endpoint"),
    "email": pgettext_lazy("log", "E-mail"),
    "effective_on": pgettext_lazy("log", "From the day"),
    "closed": pgettext_lazy("log", "Closed months"),
    "closed_on": pgettext_lazy("log", "Closed on"),
    "carried_from": pgettext_lazy("log", "Carried over from"),
    "copied_from": pgettext_lazy("log", "Copied from"),
    "bytes": pgettext_lazy("log", "Bytes"),
    "starts_on": pgettext_lazy("log", "First day"),
    "ends_on": pgettext_lazy("log", "Until"),
    "columns": pgettext_lazy("log", "Columns"),
    "source": pgettext_lazy("log", "Source"),
    "field": pgettext_lazy("log", "Field"),
    "key_result": pgettext_lazy("log", "Key result"),
    "weight_ppm": pgettext_lazy("log", "Weight"),
    "pack": pgettext_lazy("log", "Pack"),
    "market_rules": pgettext_lazy("log", "Market rules"),
    "signals": pgettext_lazy("log", "Market signals"),
    "every_weeks": pgettext_lazy("log", "Every so many weeks"),
    "starts_at": pgettext_lazy("log", "Starts"),
    "minutes": pgettext_lazy("log", "Minutes"),
    "next": pgettext_lazy("log", "Next"),
    "item": pgettext_lazy("log", "Action item"),
    "asked": pgettext_lazy("log", "Asked"),
    "points": pgettext_lazy("log", "Points"),
    "points_a_month": pgettext_lazy("log", "Points a month"),
    "request": pgettext_lazy("log", "Request"),
    "done": pgettext_lazy("log", "Done"),
    "due_on": pgettext_lazy("log", "Due"),
}
#: (action, name in `changes`) → the model whose field it is, where that is not the subject's.
FIELDS_OF = {
    ("feedback.write_note", "kind"): "feedback.Note",
    ("feedback.write_note", "visibility"): "feedback.Note",
    ("feedback.answer_request", "visibility"): "feedback.Note",
    ("inbox.set_overdue_rule", "due_days"): "inbox.OverdueRule",
    ("inbox.set_overdue_rule", "grace_days"): "inbox.OverdueRule",
    ("inbox.set_overdue_rule", "levels"): "inbox.OverdueRule",
    ("kpis.import_targets", "kind"): "kpis.Target",
    ("okr.set_policy", "over"): "okr.OkrPolicy",
    ("okr.set_policy", "cap_percent"): "okr.OkrPolicy",
    ("okr.set_policy", "missing"): "okr.OkrPolicy",
    ("okr.set_policy", "start_equals_target"): "okr.OkrPolicy",
    ("okr.set_policy", "roll_up"): "okr.OkrPolicy",
    ("okr.set_policy", "method"): "okr.OkrPolicy",
    ("okr.set_policy", "status_rule"): "okr.OkrPolicy",
    ("okr.set_policy", "carry_over"): "okr.OkrPolicy",
    ("kpis.retire_alert_rule", "kind"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "kind"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "operator"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "value"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "owner"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "answer_days"): "kpis.AlertRule",
    ("kpis.set_alert_rule", "cut"): "kpis.AlertRule",
    ("kpis.apply_rates", "kind"): "kpis.RateVersion",
    ("kpis.approve_scenario", "side"): "kpis.ScenarioApproval",
    ("kpis.sign_version", "side"): "kpis.Signature",
    ("okr.agree_objective", "side"): "okr.Agreement",
    ("okr.align_objectives", "kind"): "okr.Alignment",
    ("okr.ask_of_objective", "due_on"): "okr.Dependency",
    ("okr.grade_objective", "side"): "okr.Grade",
    ("okr.offer_contribution", "kind"): "okr.Alignment",
    ("people.grant_role", "role"): "people.RoleGrant",
    ("people.note_absence", "kind"): "people.Absence",
    ("people.revoke_role", "role"): "people.RoleGrant",
    ("scoring.approve_policy", "side"): "scoring.PolicyApproval",
}


#: The parts that a change may be of, written "<id of the part>.<field>": model of the subject → of the part.
PARTS_OF = {"okr.objective": "okr.KeyResult"}
#: How a row that not everybody sees is called in the log.
SEALED = re.compile(r"Objective ([0-9a-f]{8})")


@functools.cache
def _worded() -> Mapping[tuple[str, str], Callable[[str], str]]:
    """(action, name in `changes`) → what a code there is called; each app declares its own (`log_words`)."""
    declared: dict[tuple[str, str], Callable[[str], str]] = {}
    for config in apps.get_app_configs():
        declared |= getattr(config, "log_words", {})
    return declared


def deed(action: str) -> str:
    """What somebody did; the code itself for one that an earlier version knew."""
    return str(DEEDS.get(action, action))


def subject(label: str) -> str:
    """What it was done to, in the reader's language where the log does not tell its name."""
    sealed = SEALED.fullmatch(label)
    return str(pgettext_lazy("log", "Objective %(mark)s")) % {"mark": sealed[1]} if sealed else label


def actions_called(words: str) -> list[str]:
    """Codes of the actions whose name, in the reader's language, has these words in it."""
    return [action for action, name in DEEDS.items() if words.lower() in str(name).lower()]


def told(action: str, subject_type: str, changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, before, after) of each change in words; what replaced nothing, or says nothing, is empty."""
    found = []
    for key, value in changes.items():
        model, field = _place(FIELDS_OF.get((action, key), subject_type), key)
        is_pair = isinstance(value, list) and len(value) == 2
        before, after = value if is_pair else (None, value)
        if key == "field" and isinstance(after, str):
            after = _name(*_place(subject_type, after))
        words = _worded().get((action, key))
        told_before, told_after = (
            words(each) if words and isinstance(each, str) else _shown(model, field, each)
            for each in (before, after)
        )
        if told_before or told_after:
            found.append((_name(model, field), told_before, told_after))
    return found


def _place(subject_type: str, path: str) -> tuple[Any, str]:
    """The model and the field at "title", or at "<id of a part>.target"."""
    part, _dot, field = path.rpartition(".")
    return _model(PARTS_OF.get(subject_type.lower(), subject_type) if part else subject_type), field


def _model(subject_type: str) -> Any:
    try:
        return apps.get_model(subject_type)
    except (LookupError, ValueError):
        return None


def _field(model: Any, key: str) -> Any:
    try:
        return model._meta.get_field(key) if model is not None else None
    except FieldDoesNotExist:
        return None


def _name(model: Any, key: str) -> str:
    if key in NAMES:
        return str(NAMES[key])
    name = getattr(_field(model, key), "verbose_name", "")
    return str(name)[:1].upper() + str(name)[1:] if name else key.replace("_", " ")


def _shown(model: Any, key: str, value: Any) -> str:
    """Choices by their label, lists as lists, yes and no in words."""
    if value is None or value in ("", {}, []):
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return formats.listed(_shown(model, key, each) for each in value)
    if isinstance(value, dict):
        return formats.listed(
            f"{_name(None, name)}{formats.mark(':')}{_shown(None, name, each)}"
            for name, each in value.items()
        )
    if isinstance(value, int) and key.endswith("_ppm"):
        return formats.percent(formats.ppm(value), 4 if value % 1000 else None)
    choices = dict(getattr(_field(model, key), "flatchoices", None) or [])
    return str(choices.get(value, value))
