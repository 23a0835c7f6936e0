"""The refusal of this app."""

from performance.foundation import refusals


class PeopleRefused(refusals.Refused):
    """An action on people, teams, roles, periods or accounts declines."""
