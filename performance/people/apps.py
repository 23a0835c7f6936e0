from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Organisations, people, teams, dated reporting lines, roles, calendars, periods."""

    name = "performance.people"
    label = "people"
