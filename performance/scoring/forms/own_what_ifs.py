"""The form of a what-if on a scorecard: scores of components, the stage, the penalty."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from performance.scoring import queries
from performance.scoring.forms.weighing import PENALTIES
from performance.scoring.models import WHOLE, Stage
from performance.scoring.models.what_ifs import LONGEST_NAME

#: A score has no more points than a curve may give.
MOST_POINTS = 1000
VALUE = "v."


class OwnWhatIfForm(forms.Form):
    """Of one scorecard: a slider for each component that counts. What stands as it does is not supposed."""

    stage = forms.ChoiceField(label=gettext_lazy("Business stage"), choices=Stage.choices, required=False)
    alpha = forms.TypedChoiceField(
        label=gettext_lazy("Penalty for what is weak"), choices=PENALTIES, coerce=int, required=False
    )
    name = forms.CharField(label=gettext_lazy("Keep it as"), max_length=LONGEST_NAME, required=False)

    def __init__(self, data: Any, *, card: queries.Scorecard, **kwargs: Any) -> None:
        self.card, version = card, card.score.version
        super().__init__(data, initial={"stage": version.stage, "alpha": version.alpha_quarters}, **kwargs)
        for line in card.sliders:
            self.fields[f"{VALUE}{line.key}"] = forms.DecimalField(
                label=line.name, min_value=0, max_value=MOST_POINTS, max_digits=40, required=False
            )

    @property
    def supposition(self) -> queries.Supposition:
        """To be called on a valid form."""
        cleaned, version = self.cleaned_data, self.card.score.version
        values = {}
        for line in self.card.sliders:
            given: Decimal | None = cleaned.get(f"{VALUE}{line.key}")
            micro = None if given is None else int((given * WHOLE).to_integral_value())
            if micro is not None and micro != line.value_micro:
                values[line.key] = micro
        return queries.Supposition(
            stage=cleaned["stage"] if cleaned["stage"] not in ("", version.stage) else None,
            alpha_quarters=None if cleaned["alpha"] in ("", version.alpha_quarters) else cleaned["alpha"],
            values=values,
        )
