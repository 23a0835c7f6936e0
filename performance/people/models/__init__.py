from performance.people.models.accounts import ApiToken, Membership, SetupLink, User, UserManager
from performance.people.models.calendars import CalendarDay, Period, WorkCalendar
from performance.people.models.directory import (
    BusinessUnit,
    Invitation,
    PeopleImport,
    Person,
    ReportingLine,
    RoleGrant,
    Team,
    TeamMembership,
)
from performance.people.models.organisations import Organisation

__all__ = [
    "ApiToken",
    "BusinessUnit",
    "CalendarDay",
    "Invitation",
    "Membership",
    "Organisation",
    "PeopleImport",
    "Period",
    "Person",
    "ReportingLine",
    "RoleGrant",
    "SetupLink",
    "Team",
    "TeamMembership",
    "User",
    "UserManager",
    "WorkCalendar",
]
