"""The books of an organisation: what was sold, and a ledger that says nearly the same."""

import pytest

from performance.kpis import actions
from tests.kpis import tables

JANUARY, FEBRUARY, MARCH = tables.JANUARY, tables.FEBRUARY, tables.MARCH
SALES = {"on_day": "date", "amount": "decimal"}
LEDGER = {"on_day": "date", "account": "text", "amount": "decimal"}


@pytest.fixture
def books(cast, acting):
    """Sales of 100.00, 200.00 and 300.00 in three months; a ledger that books revenue as credit, with one cent less in
    March, and other accounts beside it."""
    sales = tables.make_dataset(
        "sales", SALES, [(JANUARY, "60.00"), (JANUARY, "40.00"), (FEBRUARY, "200.00"), (MARCH, "300.00")]
    )
    ledger = tables.make_dataset(
        "ledger",
        LEDGER,
        [
            (JANUARY, "4000", "-100.00"),
            (FEBRUARY, "4000", "-200.00"),
            (MARCH, "4000", "-299.99"),
            (MARCH, "5000", "77.00"),
        ],
    )
    return sales, ledger


def account_of(books, cast, actor, column, op, value):
    """A certified metric over those rows of the ledger."""
    only = [{"column": column, "op": op, "value": value}]
    wording = tables.base(books[1], "sum", "amount", dimensions={}, filters=only)
    return tables.certify(cast, actor, "account_4000", wording)


@pytest.fixture
def account(books, cast, actor, computed):
    """The certified metric of account 4000, with its values."""
    version = account_of(books, cast, actor, "account", "=", "4000")
    computed()
    return version


@pytest.fixture
def computed():
    """Values as the periodic job computes them."""

    def do():
        actions.refresh_values(at=tables.AT)

    return do


def revenue(books, **more):
    given = {"dimensions": {}, "tie_out": "account_4000", "tie_out_reversed": True} | more
    return tables.base(books[0], "sum", "amount", **given)


def drafted(cast, actor, definition, key="revenue"):
    return actions.draft_metric(
        key=key,
        name_en="Revenue",
        name_zh="收入",
        business_owner=cast.business_owner,
        finance_owner=cast.finance_owner,
        definition=definition,
        by=actor(cast.business_owner),
        at=tables.AT,
    )


def signed(version, cast, actor):
    return tables.sign(version, actor(cast.business_owner), actor(cast.finance_owner))
