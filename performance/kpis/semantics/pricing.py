"""Which currency the rows of a base metric are in, and whether they can be added up as they are."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.kpis import formulas, units
from performance.kpis.semantics import base
from performance.kpis.semantics.currencies import Money
from performance.kpis.semantics.refusing import DefinitionRefused
from performance.kpis.semantics.sheets import Sheet
from performance.kpis.semantics.wording import CLOSING, CURRENCY_RULES, Wording


def money_of(wording: Wording, sheet: Sheet) -> Money:
    """What the columns in the arithmetic are in. Raises DefinitionRefused where they are in several ways."""
    if wording.aggregation in base.OF_A_COLUMN:
        return Money()
    named = {
        sheet.columns[key].currency: sheet.columns[key]
        for key in formulas.parse(wording.expression, sheet.names()).references
        if sheet.columns[key].currency
    }
    if len(named) > 1:
        words = {"columns": formats.listed(i18n.local(one, "name") or one.key for one in named.values())}
        message = _(
            "These columns are in different currencies: %(columns)s. Convert each in a metric of its own."
        )
        raise _refused(message % words, field="expression")
    (said,) = named or ("",)
    return Money(fixed=said) if said.isupper() else Money(column=said)


def judged(wording: Wording, sheet: Sheet, unit: units.Unit) -> units.Unit:
    """The unit, its money named where the rows are all in one currency and stay in it. Raises DefinitionRefused."""
    if wording.currency_rule:
        _judge_rule(wording, unit)
    if not unit.has_money:
        return unit
    money = money_of(wording, sheet)
    if money.column and money.column not in sheet.columns:
        words = {"name": money.column}
        message = _("The currency of these amounts stands in the column “%(name)s”, which is not there.")
        raise _refused(message % words, field="expression")
    if wording.currency_rule:
        if not money.is_said:
            message = _(
                "Say in the dataset which currency the column is in; without that nothing can be converted."
            )
            raise _refused(message)
        return unit
    if money.column:
        words = {"name": i18n.local(sheet.columns[money.column], "name") or money.column}
        message = _(
            "These amounts are in the currencies of “%(name)s”. Choose at which rates they become one."
        )
        raise _refused(message % words)
    if money.fixed and unit.currency not in ("", money.fixed):
        words = {"found": formats.currency_name(money.fixed), "named": formats.currency_name(unit.currency)}
        message = _(
            "These amounts are in %(found)s, not in %(named)s. Choose at which rates they are converted."
        )
        raise _refused(message % words)
    return units.in_currency(unit, money.fixed) if money.fixed else unit


def _judge_rule(wording: Wording, unit: units.Unit) -> None:
    if wording.currency_rule not in CURRENCY_RULES:
        raise _refused(_("Choose at which rates amounts are converted."))
    if not unit.has_money:
        raise _refused(_("Only amounts of money are converted. This metric is measured in something else."))
    is_balance = wording.aggregation == "last"
    if is_balance and wording.currency_rule != CLOSING:
        message = _(
            "A balance is converted at the closing rate: it is what stands on one day, not what came in over many."
        )
        raise _refused(message)
    if not is_balance and wording.currency_rule == CLOSING:
        message = _(
            "The closing rate is for balances, the last value of a period. What comes in over time is converted at the"
            " average rate or at the rate of its day."
        )
        raise _refused(message)


def _refused(message: Any, field: str = "currency_rule") -> DefinitionRefused:
    return DefinitionRefused(message, field=field, code="currency")
