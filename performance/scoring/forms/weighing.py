"""The form of how weights are held and vary: percent on the page, whole ppm inside."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from performance.engine import penalty
from performance.scoring import evidence
from performance.scoring.forms.components import PERCENT
from performance.scoring.models import MOST_SMOOTHING

PENALTIES = [
    (penalty.OFF, gettext_lazy("Off: weights do not depend on results")),
    (3, gettext_lazy("Mild (α = 0.75)")),
    (2, gettext_lazy("Medium (α = 0.5)")),
    (1, gettext_lazy("Strong (α = 0.25)")),
    (0, gettext_lazy("Full (α = 0, the harmonic mean)")),
]


class WeighingForm(forms.Form):
    """How weights are held and vary. What is left empty is not done."""

    smoothing = forms.DecimalField(
        label=gettext_lazy("Of last period’s weight stays"),
        min_value=0,
        max_value=MOST_SMOOTHING // PERCENT,
        decimal_places=4,
        required=False,
        help_text=gettext_lazy("Empty: none. The more stays, the slower weights follow stage and market."),
    )
    alpha = forms.TypedChoiceField(
        label=gettext_lazy("Penalty for what is weak"),
        choices=PENALTIES,
        coerce=int,
        empty_value=penalty.OFF,
        required=False,
        help_text=gettext_lazy("What is weak weighs more, so that one strong result cannot hide it."),
    )

    @property
    def weighing(self) -> evidence.Weighing:
        """To be called after cleaning; a field with an error counts as empty."""
        given = self.cleaned_data
        return evidence.Weighing(
            smoothing_ppm=int((given.get("smoothing") or 0) * PERCENT),
            alpha_quarters=given.get("alpha", penalty.OFF),
        )


def initial_weighing(weighing: evidence.Weighing) -> Mapping[str, Any]:
    """What the form shows."""
    return {
        "smoothing": Decimal(weighing.smoothing_ppm) / PERCENT if weighing.smoothing_ppm else None,
        "alpha": weighing.alpha_quarters,
    }
