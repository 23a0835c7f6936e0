"""Forms of 1:1s."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from feedback.models import ActionItem, Topic
from performance.foundation.components import formats

RHYTHMS = (
    (1, _("Every week")),
    (2, _("Every two weeks")),
    (3, _("Every three weeks")),
    (4, _("Every four weeks")),
)
MOMENT: dict[str, Any] = {
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    "error_messages": {
        "required": _("Choose a day and an hour."),
        "invalid": _("Choose a day and an hour."),
    },
}


class RhythmForm(forms.Form):
    """How often, and for how long."""

    every_weeks = forms.TypedChoiceField(label=_("How often"), choices=RHYTHMS, coerce=int, initial=2)
    minutes = forms.IntegerField(
        label=pgettext_lazy("1:1", "Minutes"), min_value=10, max_value=240, initial=30
    )


class BeginForm(RhythmForm):
    """With whom, and when for the first time."""

    other = forms.ChoiceField(label=pgettext_lazy("1:1", "With"))
    starts_at = forms.DateTimeField(label=_("First meeting"), **MOMENT)

    field_order = ("other", "starts_at", "every_weeks", "minutes")

    def __init__(self, *args: Any, others: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["other"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a person")),
            *((str(each.pk), formats.person_name(each)) for each in others),
        ]


class MoveForm(forms.Form):
    starts_at = forms.DateTimeField(label=pgettext_lazy("1:1", "New time"), **MOMENT)


class TopicForm(forms.Form):
    text = forms.CharField(
        label=_("New topic"),
        max_length=Topic._meta.get_field("text").max_length,
        error_messages={"required": _("Write a few words.")},
    )
    minutes = forms.IntegerField(
        label=pgettext_lazy("1:1", "Minutes"), min_value=1, max_value=240, required=False
    )


class ActionItemForm(forms.Form):
    what = forms.CharField(
        label=_("New action item"),
        max_length=ActionItem._meta.get_field("what").max_length,
        error_messages={"required": _("Write a few words.")},
    )
    owner = forms.ChoiceField(label=pgettext_lazy("agreed action", "Who"))
    due_on = forms.DateField(
        label=pgettext_lazy("agreed action", "Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Choose a day.")},
    )

    def __init__(self, *args: Any, both: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            (str(each.pk), formats.person_name(each)) for each in both
        ]
