"""The form of a what-if: what of a version can be supposed to be another."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from performance.engine import penalty
from performance.scoring import evidence
from performance.scoring.forms.components import PERCENT, ComponentForm, initial_of
from performance.scoring.forms.weighing import PENALTIES
from performance.scoring.models import Stage
from performance.scoring.models.what_ifs import LONGEST_NAME

#: What a what-if leaves as it is.
FIXED_FIELDS = ("key", "color", "name_en", "name_zh", "category", "source", "slice", "lowest", "highest")


class WhatIfForm(forms.Form):
    """What holds for the whole: the stage, and the penalty for what is weak."""

    stage = forms.ChoiceField(label=gettext_lazy("Business stage"), choices=Stage.choices)
    alpha = forms.TypedChoiceField(
        label=gettext_lazy("Penalty for what is weak"),
        choices=PENALTIES,
        coerce=int,
        empty_value=penalty.OFF,  # type: ignore[arg-type]
        required=False,
    )


class WhatIfRow(ComponentForm):
    """One component: its base weight, curve and multipliers."""

    def __init__(self, *args: Any, component: evidence.ComponentDraft, **kwargs: Any) -> None:
        self.component = component
        super().__init__(*args, sources=(), initial=initial_of(component), **kwargs)
        for name in FIXED_FIELDS:
            del self.fields[name]
        self.fields["base"].required = True

    @property
    def is_blank(self) -> bool:
        return False

    def clean(self) -> dict[str, Any]:
        return forms.Form.clean(self) or {}

    @property
    def supposed(self) -> evidence.ComponentDraft:
        """The component as it is supposed to be. To be called on a valid row."""
        return evidence.with_weights(
            self.component,
            base_ppm=int(self.cleaned_data["base"] * PERCENT),
            curve=self._curve(),
            multipliers=self._multipliers(),
        )


class WhatIfEditor:
    """The form with its rows: of a version, or of what was supposed of it."""

    def __init__(self, data: Any, content: evidence.Content) -> None:
        self.form = WhatIfForm(
            data, initial={"stage": content.stage, "alpha": content.alpha_quarters}, prefix="whole"
        )
        self.rows = [
            WhatIfRow(data, component=component, prefix=f"c{place}")
            for place, component in enumerate(content.components)
        ]

    def is_valid(self) -> bool:
        """All are asked, so that every error shows at once. What the rows come to together stands on the rows."""
        if not all([self.form.is_valid(), *(row.is_valid() for row in self.rows)]):
            return False
        rows = {row.component.key: row for row in self.rows}
        for trouble in evidence.troubles(self.supposed.components):
            row = rows.get(trouble.key or "")
            if row is None:
                self.form.add_error(None, trouble.message)
            else:
                row.add_error(trouble.field if trouble.field in row.fields else None, trouble.message)
        return self.form.is_valid() and all(row.is_valid() for row in self.rows)

    @property
    def supposed(self) -> evidence.Content:
        cleaned = self.form.cleaned_data
        return evidence.Content(cleaned["stage"], cleaned["alpha"], tuple(row.supposed for row in self.rows))


class KeepForm(forms.Form):
    """The name under which a what-if is kept."""

    name = forms.CharField(label=gettext_lazy("Keep it as"), max_length=LONGEST_NAME)
