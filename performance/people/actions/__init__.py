"""Writes: each one transaction with its audit row. Callers have asked the rule before."""

from performance.people.actions.absences import note_absence, withdraw_absence
from performance.people.actions.accounts import (
    choose_language,
    create_bound_token,
    create_token,
    digest_of,
    offer_setup_link,
    open_account,
    revoke_token,
    setup_link_is_alive,
    use_setup_link,
)
from performance.people.actions.erasing import Forgotten, erase_personal_data
from performance.people.actions.exporting import export_people
from performance.people.actions.importing.apply import apply_import, undo_import
from performance.people.actions.importing.steps import (
    check_import,
    leave_row_out,
    map_columns,
    mend_cells,
    start_changes_on,
    upload_people,
)
from performance.people.actions.invitations import (
    accept_invitation,
    invite_person,
    withdraw_invitation,
)
from performance.people.actions.leaving import deactivate_person, end_what_ended, return_person
from performance.people.actions.lines import change_manager, withdraw_change
from performance.people.actions.names import romanised, sorting_name
from performance.people.actions.organisations import (
    clear_calendar_day,
    edit_organisation,
    found_organisation,
    set_calendar_day,
)
from performance.people.actions.people import (
    add_person,
    edit_person,
)
from performance.people.actions.periods import (
    lock_goals,
    lock_progress,
    move_period,
    open_period,
    unlock_goals,
    unlock_progress,
)
from performance.people.actions.refusal import PeopleRefused
from performance.people.actions.roles import grant_role, revoke_role
from performance.people.actions.teams import close_team, edit_team, join_team, start_team

__all__ = [
    "Forgotten",
    "PeopleRefused",
    "accept_invitation",
    "add_person",
    "apply_import",
    "change_manager",
    "check_import",
    "choose_language",
    "clear_calendar_day",
    "close_team",
    "create_bound_token",
    "create_token",
    "deactivate_person",
    "digest_of",
    "edit_organisation",
    "edit_person",
    "edit_team",
    "end_what_ended",
    "erase_personal_data",
    "export_people",
    "found_organisation",
    "grant_role",
    "invite_person",
    "join_team",
    "leave_row_out",
    "lock_goals",
    "lock_progress",
    "map_columns",
    "mend_cells",
    "move_period",
    "note_absence",
    "offer_setup_link",
    "open_account",
    "open_period",
    "return_person",
    "revoke_role",
    "revoke_token",
    "romanised",
    "set_calendar_day",
    "setup_link_is_alive",
    "sorting_name",
    "start_changes_on",
    "start_team",
    "undo_import",
    "unlock_goals",
    "unlock_progress",
    "upload_people",
    "use_setup_link",
    "withdraw_absence",
    "withdraw_change",
    "withdraw_invitation",
]
