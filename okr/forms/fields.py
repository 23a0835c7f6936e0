"""Numbers as people type them."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.foundation import cells
from performance.foundation.components import formats


class AmountField(forms.DecimalField):
    """An exact amount: takes 1,874.5, ¥800,000, full-width digits, a real minus sign and a trailing percent sign;
    shows 2.90000000 as 2.9 and groups thousands."""

    widget = forms.TextInput
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Write the number in figures alone, such as 600,000 or 2.9.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 28, "decimal_places": 8, **options})
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(cells.narrowed(each) for each in value if not each.isspace()).replace("−", "-")
            value = value.replace(",", "").rstrip("%").lstrip("¥$€£")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return f"{formats.trimmed(value):,f}" if isinstance(value, Decimal) else value
