"""What people type, parsed. Rules and writes are elsewhere."""

from performance.people.forms.accounts import InvitationForm, SetupForm, SignUpForm, TokenForm
from performance.people.forms.directory import (
    ChangeManagerForm,
    DeactivateForm,
    DirectoryFilters,
    EditPersonForm,
    EraseForm,
    NewPersonForm,
    PersonForm,
    TeamForm,
)
from performance.people.forms.importing import ApplyForm, ColumnsForm, UploadForm
from performance.people.forms.settings import (
    AbsenceForm,
    AuditFilters,
    CalendarDayForm,
    GrantForm,
    OrganisationForm,
    PeriodForm,
)

__all__ = [
    "AbsenceForm",
    "ApplyForm",
    "AuditFilters",
    "CalendarDayForm",
    "ChangeManagerForm",
    "ColumnsForm",
    "DeactivateForm",
    "DirectoryFilters",
    "EditPersonForm",
    "EraseForm",
    "GrantForm",
    "InvitationForm",
    "NewPersonForm",
    "OrganisationForm",
    "PeriodForm",
    "PersonForm",
    "SetupForm",
    "SignUpForm",
    "TeamForm",
    "TokenForm",
    "UploadForm",
]
