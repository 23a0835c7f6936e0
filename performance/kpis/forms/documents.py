"""A document of definitions, pasted or from a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.kpis.forms.owners import OwnersForm


class DocumentForm(OwnersForm):
    """`document` is what the file held, once one was given."""

    file = forms.FileField(
        label=_("YAML file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml,.txt"}),
    )
    document = forms.CharField(
        label=_("Document"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 16, "spellcheck": "false", "autocomplete": "off", "class": "mono", "wrap": "off"}
        ),
    )

    def clean_document(self) -> str:
        """A browser sends other ends of line, and a text a little longer than the file was."""
        given = self.cleaned_data["document"].replace("\r\n", "\n")
        if not given.strip() and "file" not in self.errors:
            raise forms.ValidationError(_("Choose a file, or paste the document."))
        return given

    def asked(self) -> dict[str, Any]:
        return {"document": self.cleaned_data["document"], **self.owners()}
