"""The end of a period: a grade with its reflection, and what is taken along."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def _words(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


class GradeForm(forms.Form):
    """One side's grade in whole percent."""

    percent = forms.IntegerField(label=_("Your grade"), min_value=0)
    reason = _words(_("Why it differs from the computed progress"))
    went_well = _words(_("What went well"))
    learned = _words(_("What we learned"))
    change = _words(_("What we would change"))

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["percent"].widget.attrs["max"] = most


class DuplicateForm(forms.Form):
    """Which objectives are copied, where to, and where their key results start."""

    period = forms.ChoiceField(label=_("Into"))
    start = forms.ChoiceField(
        label=_("Key results start"),
        choices=[
            ("same", _("where they started then")),
            ("last", _("from the last value, where the target is not reached")),
        ],
        initial="same",
    )
    objectives = forms.MultipleChoiceField(
        label=_("Objectives"), error_messages={"required": _("Choose at least one objective.")}
    )

    def __init__(self, *args: Any, periods: Iterable[Any], objectives: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["period"].choices = [(str(each.pk), str(each)) for each in periods]  # type: ignore[attr-defined]
        self.fields["objectives"].choices = [(str(each.pk), each.title) for each in objectives]  # type: ignore[attr-defined]


class CarryForm(forms.Form):
    """Which objectives go along, and where to."""

    period = forms.ChoiceField(label=_("Into"))
    objectives = forms.MultipleChoiceField(
        label=_("Objectives"), error_messages={"required": _("Choose at least one objective.")}
    )

    def __init__(self, *args: Any, periods: Iterable[Any], objectives: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["period"].choices = [(str(each.pk), str(each)) for each in periods]  # type: ignore[attr-defined]
        self.fields["objectives"].choices = [(str(each.pk), each.title) for each in objectives]  # type: ignore[attr-defined]
