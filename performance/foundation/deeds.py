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
from performance.foundation.deed_names import DEEDS

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
