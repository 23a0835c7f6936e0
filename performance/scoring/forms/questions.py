"""The form of a question about a score."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from performance.scoring.models import LONGEST_QUESTION, About


class AskForm(forms.Form):
    """A question about a score. The whole score has a weight policy, a component a weight of its own."""

    about = forms.ChoiceField(
        label=gettext_lazy("What you want to know about"), choices=About.choices, initial=About.NUMBER
    )
    text = forms.CharField(
        label=gettext_lazy("Your question"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_QUESTION,
    )

    def __init__(self, *args: Any, components: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext_lazy("The whole score")), *components]
        self.fields["component"] = forms.ChoiceField(
            label=gettext_lazy("About"), required=False, choices=choices
        )
        self.order_fields(["component", "about", "text"])
