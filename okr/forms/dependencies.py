"""What an objective needs from another one, and why it is declined."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from okr.models import Dependency, Objective
from okr.queries import readings


class NeedForm(forms.Form):
    on = forms.ChoiceField(
        label=_("Needed from"),
        error_messages={
            "required": _("Choose the objective that it is needed from."),
            "invalid_choice": _("Choose the objective that it is needed from."),
        },
    )
    what = forms.CharField(
        label=_("What is needed"),
        max_length=Dependency._meta.get_field("what").max_length,
        error_messages={"required": _("Say in one sentence what is needed.")},
    )
    due_on = forms.DateField(
        label=_("By"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, objectives: Iterable[Objective], **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "need-%s", **options})
        self.fields["on"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose an objective")),
            *((str(each.pk), f"{each.title} · {readings.whose(each)}") for each in objectives),
        ]


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("Why not"),
        max_length=Dependency._meta.get_field("reason").max_length,
        error_messages={"required": _("Say why, in a sentence.")},
    )
