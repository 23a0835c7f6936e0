"""The step "which of your columns is this?": one field for each column of the pack's tables that have a dataset."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, refusals
from performance.kpis import packs, semantics
from performance.kpis.forms.metrics import named_column
from performance.kpis.forms.owners import OwnersForm


class PackForm(OwnersForm):
    """`chosen`: table of the pack → its dataset with the columns that are proposed or were chosen before."""

    def __init__(
        self, *args: Any, pack: packs.Pack, chosen: Mapping[str, packs.Chosen], **kwargs: Any
    ) -> None:
        proposed = {
            f"{table}-{key}": text for table, each in chosen.items() for key, text in each.columns.items()
        }
        kwargs["initial"] = proposed | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.pack, self.chosen = pack, chosen
        for table in pack.tables:
            if table.key in chosen:
                for column in table.columns:
                    self.fields[f"{table.key}-{column.key}"] = _field(table, column, chosen[table.key].sheet)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for table, column, name in self._columns():
            text = given.get(name, "")
            try:
                given[name] = packs.judged(column, text, self.chosen[table.key].sheet) if text else ""
            except refusals.Refused as refused:
                self.add_error(name, str(refused))
        return given

    def mapped(self) -> dict[str, packs.Chosen]:
        """The datasets with the columns that were understood."""
        found: dict[str, dict[str, str]] = {key: {} for key in self.chosen}
        for table, column, name in self._columns():
            if self.cleaned_data.get(name):
                found[table.key][column.key] = self.cleaned_data[name]
        return {key: packs.Chosen(each.dataset, each.sheet, found[key]) for key, each in self.chosen.items()}

    def _columns(self) -> Iterator[tuple[packs.PackTable, packs.PackColumn, str]]:
        for table in self.pack.tables:
            if table.key in self.chosen:
                for column in table.columns:
                    yield table, column, f"{table.key}-{column.key}"

    @property
    def tables(self) -> list[tuple[packs.PackTable, packs.Chosen, list[tuple[packs.PackColumn, BoundField]]]]:
        """The tables that have a dataset, each with its fields."""
        return [
            (
                table,
                self.chosen[table.key],
                [(column, self[f"{table.key}-{column.key}"]) for column in table.columns],
            )
            for table in self.pack.tables
            if table.key in self.chosen
        ]


def _field(table: packs.PackTable, column: packs.PackColumn, sheet: semantics.Sheet) -> forms.Field:
    label = i18n.local(column, "name")
    said = i18n.local(column, "description")
    if column.type == packs.NUMBER:
        attrs = {"list": f"numbers-{table.key}", "autocomplete": "off", "spellcheck": "false"}
        return forms.CharField(
            label=label, help_text=said, required=False, max_length=400, widget=forms.TextInput(attrs=attrs)
        )
    able = [(each.key, named_column(each)) for each in packs.fitting(column, sheet)]
    return forms.ChoiceField(
        label=label, help_text=said, required=False, choices=[("", _("not there")), *able]
    )
