"""Who owns what is new: one person for each side."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.foundation import access
from performance.people import queries as people
from performance.people.models import Person

SIDES = ("business_owner", "finance_owner")


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.title}" if obj.title else str(obj)


class OwnersForm(forms.Form):
    """The two owners; optional, because nothing may be new."""

    business_owner = PersonChoice(
        label=_("Business owner"), queryset=Person.objects.none(), empty_label=_("Choose"), required=False
    )
    finance_owner = PersonChoice(
        label=_("Finance owner"), queryset=Person.objects.none(), empty_label=_("Choose"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role in SIDES:
            self.fields[role].queryset = people.people_with_role(role)  # type: ignore[attr-defined]

    def owners(self) -> dict[str, Person | None]:
        return {side: self.cleaned_data.get(side) for side in SIDES}


def own_side(actor: access.Actor) -> dict[str, Any]:
    """Where only one person has a role, or the reader has it, that one is proposed."""
    found: dict[str, Any] = {}
    for role in SIDES:
        able = [person.pk for person in people.people_with_role(role)]
        if len(able) == 1 or (actor.person_id in able and actor.person_id not in found.values()):
            found[role] = able[0] if len(able) == 1 else actor.person_id
    return found
