from typing import ClassVar

from django.apps import AppConfig

_DAYS_AWAY = frozenset({"kind", "starts_on", "ends_on"})
_LINE = frozenset({"manager", "from"})


class PeopleConfig(AppConfig):
    """Organisations, people, teams, dated reporting lines, roles, calendars, periods."""

    name = "performance.people"
    label = "people"
    # A plan tells of a last day before it may be known.
    log_private: ClassVar[dict[str, frozenset[str]]] = {
        "people.change_manager": _LINE,
        "people.deactivate_person": frozenset({"left_on"}),
        "people.erase_personal_data": frozenset(),
        "people.import_person": frozenset({"left_on", "manager", "team"}),
        "people.join_team": frozenset({"team", "from", "primary"}),
        "people.note_absence": _DAYS_AWAY,
        "people.return_person": frozenset({"left_on", "from"}),
        "people.withdraw_absence": _DAYS_AWAY,
        "people.withdraw_change": _LINE,
    }
    log_open: ClassVar[frozenset[str]] = frozenset(
        {
            "people.grant_role",
            "people.move_period",
            "people.revoke_role",
            "people.unlock_goals",
            "people.unlock_progress",
        }
    )
