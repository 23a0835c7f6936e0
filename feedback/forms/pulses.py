"""The form of the weekly pulse."""

from typing import Any

from django import forms

from feedback import queries


class PulseForm(forms.Form):
    """Three answers from one to five."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in queries.QUESTIONS:
            self.fields[question] = forms.IntegerField(min_value=1, max_value=5)
