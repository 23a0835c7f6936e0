"""The form of how weights are held and vary: percent on the page, whole ppm inside."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from performance.engine import objective, pairwise, penalty, weights
from performance.foundation import i18n
from performance.scoring import evidence, queries
from performance.scoring.forms.components import PERCENT, with_present
from performance.scoring.forms.market import Target
from performance.scoring.models import MOST_SMOOTHING, MOST_UNITS, BlendMethod

PENALTIES = [
    (penalty.OFF, gettext_lazy("Off: weights do not depend on results")),
    (3, gettext_lazy("Mild (α = 0.75)")),
    (2, gettext_lazy("Medium (α = 0.5)")),
    (1, gettext_lazy("Strong (α = 0.25)")),
    (0, gettext_lazy("Full (α = 0, the harmonic mean)")),
]


DIRECT, IN_PAIRS = "direct", "pairs"
PAIR = "pair_"
CASH = tuple(f"cash_{kind}" for kind in evidence.FLOWS)


class WeighingForm(forms.Form):
    """How base weights come about, and how weights are held and vary. What is left empty is not done.

    `targets` are the components that stand in their formset, saved or not: each pair of them has a field.
    """

    weigh_by = forms.ChoiceField(
        label=gettext_lazy("Base weights"),
        choices=[
            (DIRECT, gettext_lazy("State them")),
            (IN_PAIRS, gettext_lazy("Compare the components in pairs")),
        ],
        widget=forms.RadioSelect,
        initial=DIRECT,
        required=False,
    )

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
        empty_value=penalty.OFF,  # type: ignore[arg-type]
        required=False,
        help_text=gettext_lazy("What is weak weighs more, so that one strong result cannot hide it."),
    )

    blend_method = forms.ChoiceField(
        label=gettext_lazy("Objective weights"), choices=BlendMethod.choices, required=False
    )
    blend = forms.DecimalField(
        label=gettext_lazy("Their share of a weight"),
        min_value=0,
        max_value=weights.MOST_BLEND // PERCENT,
        decimal_places=4,
        required=False,
        help_text=gettext_lazy("At most 20%."),
    )
    blend_units = forms.IntegerField(
        label=gettext_lazy("From so many units on"),
        min_value=objective.LEAST_UNITS,
        max_value=MOST_UNITS,
        required=False,
        help_text=gettext_lazy("Never fewer than 15: few units say little."),
    )

    cash_operating = forms.ChoiceField(label=gettext_lazy("Operating cash flow"), required=False)
    cash_investing = forms.ChoiceField(label=gettext_lazy("Investing cash flow"), required=False)
    cash_financing = forms.ChoiceField(label=gettext_lazy("Financing cash flow"), required=False)

    def __init__(
        self, *args: Any, targets: Sequence[Target], flows: Sequence[tuple[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in CASH:
            self.fields[name].choices = with_present(flows, self.initial.get(name))  # type: ignore[attr-defined]
        self.targets = targets
        self.fields["weigh_by"].choice_help = {  # type: ignore[attr-defined]
            DIRECT: gettext_lazy("In per cent, with each component."),
            IN_PAIRS: gettext_lazy(
                "Say of each pair which one is more important, and how much; the weights follow (AHP)."
            ),
        }
        self.pairs = self._pairs()

    def _pairs(self) -> dict[str, str]:
        """Pair → the name of its field. None where there are more than can be compared."""
        if len(self.targets) > pairwise.MOST_COMPONENTS:
            return {}
        names = {target.key: target.name for target in self.targets}
        found = {}
        for one, other in evidence.pairs_of(list(names)):
            # No key has a full stop: a__b and c is another field than a and b__c.
            name = f"{PAIR}{one}.{other}"
            label = f"{names[one]} · {names[other]}"
            choices: list[tuple[str, Any]] = [("", gettext_lazy("Not compared yet"))]
            choices += [
                (each, evidence.judgement_words(each, names[one], names[other]))
                for each in evidence.JUDGEMENTS
            ]
            pair = evidence.pair(one, other)
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=False,
                initial=_judged(self.initial.get("judgements", {}), one, other),
            )
            found[pair] = name
        return found

    @property
    def pair_fields(self) -> list[Any]:
        return [self[name] for name in self.pairs.values()]

    @property
    def targets_named(self) -> str:
        """The components that the pairs are of, for the page to say whether it shows these."""
        return " ".join(target.key for target in self.targets)

    @property
    def is_by_pairs(self) -> bool:
        return bool(self["weigh_by"].value() == IN_PAIRS)

    @property
    def compared(self) -> int:
        """How many pairs are compared. To be called after cleaning, as below."""
        return len(self._judgements())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("blend_method") and not cleaned.get("blend") and "blend" not in self.errors:
            self.add_error("blend", _("Say how much of a weight is objective."))
        if cleaned.get("blend") and not cleaned.get("blend_method") and "blend_method" not in self.errors:
            self.add_error("blend_method", _("Say how objective weights are found."))
        named = [cleaned[name] for name in CASH if cleaned.get(name)]
        for name in CASH if named else ():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Name all three cash flows."))
        if len(named) > len(set(named)):
            self.add_error(CASH[0], evidence.Trouble("three_flows", None).message)
        if cleaned.get("weigh_by") != IN_PAIRS:
            return cleaned
        if len(self.targets) > pairwise.MOST_COMPONENTS:
            self.add_error("weigh_by", evidence.Trouble("too_many_components", None).message)
        elif len(self.targets) < 2:
            self.add_error("weigh_by", _("Name two components at least to compare them."))
        for name in self.pairs.values():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Compare these two."))
        return cleaned

    def _judgements(self) -> dict[str, str]:
        given = {pair: self.cleaned_data.get(name) for pair, name in self.pairs.items()}
        return {pair: judgement for pair, judgement in given.items() if judgement}

    @property
    def weighing(self) -> evidence.Weighing:
        """To be called after cleaning; a field with an error counts as empty."""
        given = self.cleaned_data
        blend = int((given.get("blend") or 0) * PERCENT) if given.get("blend_method") else 0
        return evidence.Weighing(
            smoothing_ppm=int((given.get("smoothing") or 0) * PERCENT),
            alpha_quarters=given.get("alpha", penalty.OFF),
            blend_method=given.get("blend_method", "") if blend else "",
            blend_ppm=blend,
            blend_units=given.get("blend_units") or objective.LEAST_UNITS,
            **({name: given[name] for name in CASH} if all(given.get(name) for name in CASH) else {}),
            judgements=self._judgements() if given.get("weigh_by") == IN_PAIRS else {},
        )


def initial_weighing(weighing: evidence.Weighing) -> dict[str, Any]:
    """What the form shows."""
    return {
        "smoothing": Decimal(weighing.smoothing_ppm) / PERCENT if weighing.smoothing_ppm else None,
        "alpha": weighing.alpha_quarters,
        **{f"cash_{kind}": key for kind, key in weighing.flows.items()},
        "blend_method": weighing.blend_method,
        "blend": Decimal(weighing.blend_ppm) / PERCENT if weighing.blend_ppm else None,
        "blend_units": weighing.blend_units,
        "weigh_by": IN_PAIRS if weighing.judgements else DIRECT,
        "judgements": weighing.judgements,
    }


def flows() -> list[tuple[str, Any]]:
    """What a cash flow may be read from. One query."""
    found = queries.flow_metrics()
    return [
        ("", gettext_lazy("Choose")),
        *((each.metric.key, i18n.local(each.metric, "name")) for each in found),
    ]


def _judged(judgements: Mapping[str, str], one: str, other: str) -> str:
    """What is kept of a pair, whichever way round; "" where nothing is."""
    if kept := judgements.get(evidence.pair(one, other)):
        return kept
    kept = judgements.get(evidence.pair(other, one), "")
    turned = {str(1 / Fraction(each)): each for each in evidence.JUDGEMENTS}
    return next((each for text, each in turned.items() if text == kept), "")
