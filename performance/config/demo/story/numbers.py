"""Chapter 2: the tills and the ledger are connected, a budget is uploaded, and both sides sign what is measured."""

import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
from django.conf import settings
from django.utils import timezone

from performance.config.demo import calendar, company, databases
from performance.config.demo.story.stage import Stage
from performance.foundation import stale, tenancy
from performance.kpis import actions as kpis
from performance.kpis import models as kpi_models
from performance.kpis import queries
from performance.kpis.queries import planning
from performance.sources import actions as sources
from performance.sources.models import Dataset

ADMINISTRATOR, BUSINESS, FINANCE = "LM-0007", "LM-0005", "LM-0006"

Column = sources.ColumnPlan
SALES = (
    Column("line_id", "line", "integer", "key", is_key=True, name_en="Line", name_zh="行号"),
    Column("sold_on", "sold_on", "date", "time", name_en="Day of sale", name_zh="销售日"),
    Column("store_code", "store", "text", "dimension", name_en="Store", name_zh="门店"),
    Column("city", "city", "text", "dimension", name_en="City", name_zh="城市"),
    Column("sku", "sku", "text", "dimension", name_en="Item", name_zh="商品"),
    Column("customer_no", "customer", "text", "dimension", name_en="Customer", name_zh="顾客"),
    Column("quantity", "quantity", "integer", "measure", name_en="Pieces", name_zh="件数"),
    Column("net_amount", "net_amount", "decimal", "measure", name_en="Net amount", name_zh="净额"),
    Column("changed_at", "changed_at", "timestamp", "ignored", name_en="Changed at", name_zh="修改时间"),
)
POSTINGS = (
    Column("posting_id", "posting", "integer", "key", is_key=True, name_en="Posting", name_zh="凭证号"),
    Column("posted_on", "posted_on", "date", "time", name_en="Posting date", name_zh="记账日"),
    Column("store_code", "store", "text", "dimension", name_en="Store", name_zh="门店"),
    Column("city", "city", "text", "dimension", name_en="City", name_zh="城市"),
    Column("account_code", "account", "text", "dimension", name_en="Account", name_zh="科目"),
    Column("amount", "amount", "decimal", "measure", name_en="Amount", name_zh="金额"),
    Column("text_zh", "text", "text", "dimension", name_en="Text", name_zh="摘要"),
    Column("changed_at", "changed_at", "timestamp", "ignored", name_en="Changed at", name_zh="修改时间"),
)
STORES = (
    Column("code", "store", "text", "key", is_key=True, name_en="Store", name_zh="门店"),
    Column("name_en", "name_en", "text", "dimension", name_en="Name", name_zh="英文名"),
    Column("name_zh", "name_zh", "text", "dimension", name_en="Chinese name", name_zh="中文名"),
    Column("city", "city", "text", "dimension", name_en="City", name_zh="城市"),
)
BUDGET = (
    Column("Month", "month", "date", "time", is_key=True, name_en="Month", name_zh="月份"),
    Column("Store", "store", "text", "dimension", is_key=True, name_en="Store", name_zh="门店"),
    Column("Revenue", "revenue", "decimal", "measure", name_en="Revenue", name_zh="销售收入"),
)
DEMAND = (
    Column("Month", "month", "date", "time", is_key=True, name_en="Month", name_zh="月份"),
    Column("Index", "index", "decimal", "measure", name_en="Index", name_zh="指数"),
)
#: The index of each month, by how many months it lies from the first of this quarter: demand has softened.
DEMAND_INDEX = {-6: "98.6", -5: "98.2", -4: "97.3", -3: "94.4", -2: "93.8", -1: "93.1", 0: "92.7", 1: "92.9"}
BY_STORE = {"store": "store", "city": "city"}
#: Why money read from a dataset is tied out to no account.
NOT_TIED = {
    "sales": (
        "The ledger books the tills by the day on which the money arrives, not by the day of sale.",
        "总账按到账日而不是销售日记收银金额。",
    ),
    "postings": ("It is read from the ledger itself.", "本身就取自总账。"),
}
MONTHS_PLANNED = 9
TARGETS = {"gross_margin": "51.5", "profit_per_customer": "118", "cost_share": "80"}


def tell(stage: Stage, password: str) -> None:
    """Runs outside `acting_for`: loads wait on the network and open their own transactions."""
    datasets = _connect(stage, password)
    with tenancy.acting_for(stage.organisation):
        _name_dimensions(stage, datasets["stores"])
        LEDGER_REVENUE(stage, datasets)
        # What is tied out to an account is compared with its months before it is signed.
        _compute(stage)
        for draft in METRICS:
            draft(stage, datasets)
        _compute(stage)
        kpis.import_targets(
            dataset=datasets["budget"],
            columns=kpis.TargetColumns(
                metric=kpi_models.Metric.objects.get(key="revenue"),
                month_column="month",
                value_column="revenue",
                dimensions={"store": "store"},
            ),
            by=stage.actor(FINANCE),
            at=timezone.now(),
        )
        _set_targets(stage)
        _plan_next_quarter(stage)
        for month in stage.days.months()[:-2]:
            kpis.close_month(month=month, by=stage.actor(FINANCE), at=timezone.now())
        _compute(stage)


def _compute(stage: Stage) -> None:
    """What the worker does with everything that waits to be computed."""
    at = timezone.now()
    kpis.refresh_values(by=stage.actor(FINANCE), at=at)
    for kind in ("metric_values", "metric_definitions"):
        while claimed := stale.claim(kind, limit=len(METRICS), at=at):
            stale.settle(claimed)


def _set_targets(stage: Stage) -> None:
    """What the chain and each store should reach in every month of the year so far, and to the quarter's end."""
    months = [calendar.shift(stage.days.history, number) for number in range(MONTHS_PLANNED)]
    slices: list[dict[str, str]] = [{}, *({"store": store.code} for store in company.STORES)]
    for key, target in TARGETS.items():
        kpis.set_targets(
            metric=kpi_models.Metric.objects.get(key=key),
            kind="target",
            rows=[(month, part, Decimal(target)) for month in months for part in slices],
            by=stage.actor(FINANCE),
            at=timezone.now(),
        )


def _plan_next_quarter(stage: Stage) -> None:
    """Revenue of the next quarter: 4 % over the last three whole months, most of it towards the end of the quarter."""
    revenue = kpi_models.Metric.objects.get(key="revenue")
    whole = stage.days.months()[-4:-1]
    known = queries.values().filter(metric=revenue, slice_key="{}", period_start__in=whole)
    total = sum((one.value for one in known if one.value is not None), Decimal(0)) * Decimal("1.04")
    asked = planning.SpreadAsked(
        kind="target",
        first=calendar.shift(stage.days.quarter, 3),
        months=3,
        total=total.quantize(Decimal(1)),
        way="own",
        percents=[Decimal(31), Decimal(33), Decimal(36)],
    )
    seen = planning.plan_of(revenue, asked).digest
    kpis.apply_target_plan(metric=revenue, asked=asked, seen=seen, by=stage.actor(FINANCE), at=timezone.now())


def _connect(stage: Stage, password: str) -> dict[str, Dataset]:
    at = timezone.now()
    server = settings.DATABASES["owner"]
    with tenancy.acting_for(stage.organisation):
        by = stage.actor(ADMINISTRATOR)

        def connection(name_en: str, name_zh: str, database: str) -> Any:
            return sources.connect_source(
                kind="postgresql",
                name_en=name_en,
                name_zh=name_zh,
                host=server["HOST"] or "127.0.0.1",
                port=int(server["PORT"] or 5432),
                database=database,
                user_name=databases.READER,
                password=password,
                by=by,
                at=at,
            )

        tills = connection("Tills", "收银系统", databases.SALES)
        ledger = connection("Ledger", "财务总账", databases.LEDGER)
        planning = sources.connect_source(
            kind="file", name_en="Budget files", name_zh="预算文件", by=by, at=at
        )
        sources.upload_file(connection=planning, name="budget.xlsx", chunks=[_budget(stage)], by=by, at=at)
        bureau = sources.connect_source(
            kind="file", name_en="Statistics office", name_zh="统计局", by=by, at=at
        )
        sources.upload_file(connection=bureau, name="demand.xlsx", chunks=[_demand(stage)], by=by, at=at)
        plans = {
            "sales": (tills, _plan("sales", "Sales lines", "销售明细", SALES, table="sale")),
            "stores": (tills, _plan("stores", "Stores", "门店", STORES, table="store")),
            "postings": (ledger, _plan("postings", "Ledger postings", "总账凭证", POSTINGS, table="posting")),
            "budget": (planning, _plan("budget", "Revenue budget", "收入预算", BUDGET, table="Budget")),
            "demand": (bureau, _plan("demand", "Consumer demand", "消费需求", DEMAND, table="Demand")),
        }
        made = {
            key: sources.create_dataset(connection=source, plan=plan, by=by, at=at)
            for key, (source, plan) in plans.items()
        }
    with tenancy.remembering(stage.organisation.pk):
        for load in (load for _dataset, load in made.values() if load is not None):
            _run(load.pk)
    with tenancy.acting_for(stage.organisation):
        return {key: Dataset.objects.get(pk=dataset.pk) for key, (dataset, _load) in made.items()}


def _run(load_id: uuid.UUID) -> None:
    if not sources.run_load(load_id=load_id, clock=timezone.now):
        raise RuntimeError("A load of the demo did not run; the log of the source says why.")


def _plan(key: str, name_en: str, name_zh: str, columns: Any, *, table: str) -> sources.DatasetPlan:
    return sources.DatasetPlan(
        key=key,
        name_en=name_en,
        name_zh=name_zh,
        columns=columns,
        table_name=table,
        schema_name="public" if table.islower() else "",
        time_zone=str(calendar.ZONE),
    )


def _budget(stage: Stage) -> bytes:
    """A workbook as the finance team keeps it: month, store, revenue."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Budget"
    sheet.append(["Month", "Store", "Revenue"])
    last = calendar.quarter_end(stage.days.quarter).replace(day=1)
    month = stage.days.history
    while month <= last:
        for store in company.STORES:
            planned = Decimal(store.visitors * 12_000) * Decimal(str(store.basket))
            sheet.append([month, store.code, int(planned.quantize(Decimal("1000")))])
        month = calendar.shift(month, 1)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _demand(stage: Stage) -> bytes:
    """A workbook as the statistics office publishes it: month, index, up to the last whole month."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Demand"
    sheet.append(["Month", "Index"])
    months = [calendar.shift(stage.days.quarter, offset) for offset in DEMAND_INDEX]
    for month, index in zip(months, DEMAND_INDEX.values(), strict=True):
        if stage.days.history <= month < stage.days.months()[-1]:
            sheet.append([month, Decimal(index)])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _name_dimensions(stage: Stage, stores: Dataset) -> None:
    by, at = stage.actor(FINANCE), timezone.now()
    kpis.name_dimension(
        key="store",
        name_en="Store",
        name_zh="门店",
        by=by,
        at=at,
        dataset=stores,
        key_column="store",
        label_en_column="name_en",
        label_zh_column="name_zh",
    )
    kpis.name_dimension(key="city", name_en="City", name_zh="城市", by=by, at=at)


def _metric(
    key: str, name_en: str, name_zh: str, why: tuple[str, str], *, dataset: str = "", **definition: Any
) -> Callable[[Stage, dict[str, Dataset]], None]:
    def draft(stage: Stage, datasets: dict[str, Dataset]) -> None:
        business, finance = stage.actor(BUSINESS), stage.actor(FINANCE)
        at = timezone.now()
        is_money = definition["kind"] == "base" and definition["unit"].startswith("money")
        version = kpis.draft_metric(
            key=key,
            name_en=name_en,
            name_zh=name_zh,
            business_owner=business.person,
            finance_owner=finance.person,
            definition=kpis.Definition(
                effective_from=stage.days.history,
                description_en=why[0],
                description_zh=why[1],
                dataset=datasets.get(dataset),
                tie_out_reason=stage.say(NOT_TIED[dataset]) if is_money else "",
                **{"dimensions": BY_STORE} | definition,
            ),
            by=business,
            at=at,
        )
        kpis.submit_for_review(version=version, by=business, at=at)
        kpis.sign_version(version=version, side="business", by=business, at=at)
        kpis.sign_version(version=version, side="finance", by=finance, at=at)

    return draft


#: Credits stand in the ledger with the other sign.
REVENUE_ACCOUNT, COST_ACCOUNTS = "6001", ["6401", "6601", "6602", "6603"]
LEDGER_REVENUE = _metric(
    "ledger_revenue", "Revenue in the ledger", "总账收入",
    ("Ledger account 6001, a credit.", "总账科目 6001，贷方。"),
    dataset="postings", kind="base", aggregation="sum", expression="amount", time_column="posted_on",
    filters=[{"column": "account", "op": "=", "value": REVENUE_ACCOUNT}], unit="money:CNY", direction="down",
)  # fmt: skip
METRICS = [
    _metric(
        "revenue", "Revenue", "销售收入",
        ("What the tills took, after discounts and returns.", "收银系统实收金额，已扣除折扣与退货。"),
        dataset="sales", kind="base", aggregation="sum", expression="net_amount", time_column="sold_on",
        unit="money:CNY", tie_out="ledger_revenue", tie_out_reversed=True,
    ),
    _metric(
        "customers", "Customers", "顾客数",
        ("Different customer numbers in the period: somebody who comes twice counts once.",
         "期间内不同的顾客编号：来两次也只算一人。"),
        dataset="sales", kind="base", aggregation="distinct", expression="customer", time_column="sold_on",
        unit="count:customer", decimals=0,
    ),
    _metric(
        "goods_cost", "Cost of goods", "商品成本",
        ("Ledger account 6401.", "总账科目 6401。"),
        dataset="postings", kind="base", aggregation="sum", expression="amount", time_column="posted_on",
        filters=[{"column": "account", "op": "=", "value": "6401"}], unit="money:CNY", direction="down",
    ),
    _metric(
        "store_cost", "Store cost", "门店总成本",
        ("Goods, wages, rent and utilities as the ledger has them.", "总账中的商品成本、工资、租金与水电费。"),
        dataset="postings", kind="base", aggregation="sum", expression="amount", time_column="posted_on",
        filters=[{"column": "account", "op": "in", "value": COST_ACCOUNTS}], unit="money:CNY", direction="down",
    ),
    _metric(
        "gross_margin", "Gross margin", "毛利率",
        ("Revenue of the tills less cost of the ledger, in percent of revenue.",
         "收银收入减去总账商品成本，占收入的百分比。"),
        kind="ratio", formula="(revenue - goods_cost) / revenue * 100", unit="percent",
    ),
    _metric(
        "profit", "Store profit", "门店利润",
        ("Revenue of the tills less every cost that the ledger books on the store.",
         "收银收入减去总账记在门店的全部成本。"),
        kind="derived", formula="revenue - store_cost", unit="money:CNY",
    ),
    _metric(
        "profit_per_customer", "Profit per customer", "客均利润",
        ("Store profit divided by different customers: the tills and the ledger in one number.",
         "门店利润除以顾客数：收银与总账合成的一个数。"),
        kind="ratio", formula="profit / customers", unit="money:CNY / count:customer",
    ),
    _metric(
        "cost_share", "Cost share of revenue", "成本占收入比",
        ("Every cost of the ledger in percent of the tills' revenue.", "总账全部成本占收银收入的百分比。"),
        kind="ratio", formula="store_cost / revenue * 100", unit="percent", direction="down",
    ),
    _metric(
        "profit_year", "Store profit, this year", "门店利润，本年累计",
        ("What the stores have earned since the start of the year.", "年初至今门店赚了多少。"),
        kind="cumulative", formula="profit", accumulation="year", unit="money:CNY",
    ),
    _metric(
        "demand_index", "Consumer demand index", "消费需求指数",
        ("Published by the statistics office each month; 100 is the average of 2020.",
         "统计局每月发布；以 2020 年平均为 100。"),
        dataset="demand", kind="base", aggregation="last", expression="index", time_column="month",
        unit="number", decimals=1, dimensions={},
    ),
]  # fmt: skip
