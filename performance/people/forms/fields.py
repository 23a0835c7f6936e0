"""Fields that several forms share."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from performance.people import queries
from performance.people.actions.importing.cells import check_email


class DayField(forms.DateField):
    """A day of any calendar of ours, written 2026-06-30; the browser's own picker where there is one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> datetime.date | None:
        day = super().to_python(value)
        if day is not None and queries.day_from(day.isoformat()) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class EmailField(forms.CharField):
    """An e-mail address, with letters of any script."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        address = super().clean(value).strip().lower()
        if address:
            try:
                check_email(address)
            except ValidationError as error:
                raise ValidationError(_("This is not an e-mail address.")) from error
        return address
