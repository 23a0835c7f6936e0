from performance.people.models.accounts import ApiToken, Membership, Scope, SetupLink, User, UserManager
from performance.people.models.calendars import CalendarDay, Period, PeriodKind, PeriodState, WorkCalendar
from performance.people.models.directory import (
    BusinessUnit,
    Invitation,
    PeopleImport,
    Person,
    ReportingLine,
    Role,
    RoleGrant,
    Team,
    TeamMembership,
)
from performance.people.models.organisations import FiscalPattern, Organisation, Visibility

__all__ = [
    "ApiToken",
    "BusinessUnit",
    "CalendarDay",
    "FiscalPattern",
    "Invitation",
    "Membership",
    "Organisation",
    "PeopleImport",
    "Period",
    "PeriodKind",
    "PeriodState",
    "Person",
    "ReportingLine",
    "Role",
    "RoleGrant",
    "Scope",
    "SetupLink",
    "Team",
    "TeamMembership",
    "User",
    "UserManager",
    "Visibility",
    "WorkCalendar",
]
