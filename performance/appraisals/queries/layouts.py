"""Layouts of exports: the saved ones, and the one that payroll reads."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from performance.appraisals import rules
from performance.appraisals.models import ExportLayout
from performance.appraisals.queries.exports import COLUMNS
from performance.foundation import access

PAYROLL = "payroll"
#: Column → heading in the file for payroll: one order and one wording in every language, as a machine reads it.
PAYROLL_COLUMNS = {"number": "employee_number", "name": "name", "period": "period", "rating": "rating"}


@dataclass(frozen=True)
class Chosen:
    """The columns of an export in order, the headings that are not the usual ones, and the layout they come from."""

    name: str
    columns: tuple[str, ...]
    headings: Mapping[str, str]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Each column's usual name and the heading that it gets."""
        return [
            (str(COLUMNS[key].label), self.headings.get(key) or str(COLUMNS[key].label))
            for key in self.columns
        ]


def payroll() -> Chosen:
    return Chosen(str(_("Payroll")), tuple(PAYROLL_COLUMNS), PAYROLL_COLUMNS)


def chosen(layout: ExportLayout) -> Chosen:
    return Chosen(layout.name, tuple(layout.keys), layout.headings)


def layouts_visible_to(actor: access.Actor) -> QuerySet[ExportLayout]:
    layouts = ExportLayout.objects.select_related("changed_by").order_by("name")
    return layouts if rules.can_see_exports(actor) else layouts.none()


def layout_asked_for(actor: access.Actor, given: str) -> Chosen | None:
    """A saved one by its key, the one for payroll by its word; None for neither. 404 for what is not there."""
    if not given:
        return None
    if given == PAYROLL:
        return payroll()
    return chosen(access.get_or_404(layouts_visible_to(actor), pk=given))
