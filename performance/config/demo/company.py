"""Who works at Luming Retail: some 120 people, nine stores in three cities, one line up to the chief executive."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

SEED = 20260514
DOMAIN = "luming.example"
PASSWORD = "luming-demo-2026"  # noqa: S105 - printed on the console, for the demo alone


@dataclass(frozen=True)
class Place:
    """A store: its code is what both the tills and the ledger call it."""

    code: str
    city: str
    name_en: str
    name_zh: str
    #: Customers on an ordinary day, and by how much the average basket is above (1) or below the chain's.
    visitors: int
    basket: float


@dataclass(frozen=True)
class Employee:
    number: str
    name_en: str
    name_zh: str
    title_en: str
    title_zh: str
    level: str
    city: str
    unit: str
    team: str
    manager: str | None
    roles: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.name_en.lower().replace(' ', '.')}@{DOMAIN}"


CITIES = {"Chengdu": "成都", "Hangzhou": "杭州", "Shenzhen": "深圳"}

STORES = [
    Place("CD01", "Chengdu", "Chunxi Road", "春熙路店", 62, 1.10),
    Place("CD02", "Chengdu", "Taikoo Li", "太古里店", 55, 1.22),
    Place("CD03", "Chengdu", "Jiaozi", "交子店", 38, 0.94),
    Place("HZ01", "Hangzhou", "West Lake", "西湖店", 48, 1.08),
    Place("HZ02", "Hangzhou", "Binjiang", "滨江店", 41, 1.02),
    Place("HZ03", "Hangzhou", "Qianjiang", "钱江新城店", 44, 1.05),
    Place("SZ01", "Shenzhen", "Nanshan", "南山店", 46, 0.98),
    Place("SZ02", "Shenzhen", "Futian", "福田店", 52, 1.12),
    Place("SZ03", "Shenzhen", "Longhua", "龙华店", 30, 0.88),
]

#: code, English, Chinese, parent, the slice of the metrics that is theirs
UNITS: list[tuple[str, str, str, str | None, dict[str, str]]] = [
    ("RETAIL", "Retail operations", "零售运营", None, {}),
    # Those who own metrics and weights are not scored by them: they sit apart.
    ("STAFF", "Functions", "职能部门", None, {}),
    *((city.upper(), city, CITIES[city], "RETAIL", {"city": city}) for city in CITIES),
    *(
        (store.code, store.name_en, store.name_zh, store.city.upper(), {"store": store.code})
        for store in STORES
    ),
]

#: code, English, Chinese, number of the lead
TEAMS = [
    ("LEAD", "Leadership", "管理层", "LM-0001"),
    ("OPS", "Store Operations", "门店运营部", "LM-0002"),
    ("SUP", "Supply Chain", "供应链部", "LM-0005"),
    ("FIN", "Finance", "财务部", "LM-0006"),
    ("HR", "People", "人力资源部", "LM-0004"),
    ("MER", "Merchandising", "商品部", "LM-0008"),
    *((store.code, store.name_en, store.name_zh, None) for store in STORES),
]

PRINCIPALS = [
    Employee(
        "LM-0001", "Gao Yuan", "高远", "Chief executive", "首席执行官", "M5", "Chengdu", "STAFF", "LEAD", None
    ),
    Employee(
        "LM-0002",
        "Chen Wei",
        "陈巍",
        "Head of Store Operations",
        "门店运营总监",
        "M4",
        "Chengdu",
        "RETAIL",
        "OPS",
        "LM-0001",
    ),
    Employee(
        "LM-0003",
        "Lin Yue",
        "林悦",
        "Replenishment manager",
        "补货经理",
        "M2",
        "Chengdu",
        "RETAIL",
        "OPS",
        "LM-0002",
    ),
    Employee(
        "LM-0004",
        "He Jing",
        "何静",
        "HR business partner",
        "人力资源业务伙伴",
        "M3",
        "Chengdu",
        "STAFF",
        "HR",
        "LM-0001",
        ("hr",),
    ),
    Employee(
        "LM-0005",
        "Xu Fei",
        "许菲",
        "Head of Supply Chain",
        "供应链总监",
        "M4",
        "Chengdu",
        "STAFF",
        "SUP",
        "LM-0001",
        ("business_owner",),
    ),
    Employee(
        "LM-0006",
        "Zhou Ning",
        "周宁",
        "Finance director",
        "财务总监",
        "M4",
        "Chengdu",
        "STAFF",
        "FIN",
        "LM-0001",
        ("finance_owner",),
    ),
    Employee(
        "LM-0007",
        "Wang Shuo",
        "王硕",
        "IT administrator",
        "信息系统管理员",
        "P4",
        "Chengdu",
        "STAFF",
        "HR",
        "LM-0004",
        ("administrator",),
    ),
    Employee(
        "LM-0008",
        "Elena Petrova",
        "叶莲娜",
        "Head of Merchandising",
        "商品总监",
        "M4",
        "Shenzhen",
        "STAFF",
        "MER",
        "LM-0001",
    ),
    Employee(
        "LM-0009",
        "Luo Qing",
        "罗晴",
        "Internal auditor",
        "内部审计",
        "P4",
        "Hangzhou",
        "STAFF",
        "FIN",
        "LM-0001",
        ("auditor",),
    ),
    Employee(
        "LM-0010",
        "Liu Yang",
        "刘洋",
        "Reorder pilot lead",
        "补货试点负责人",
        "P4",
        "Hangzhou",
        "RETAIL",
        "OPS",
        "LM-0003",
    ),
    Employee(
        "LM-0011",
        "Qian Yu",
        "钱宇",
        "Store planner",
        "门店计划专员",
        "P3",
        "Chengdu",
        "RETAIL",
        "OPS",
        "LM-0003",
    ),
    Employee(
        "LM-0012",
        "Tang Min",
        "唐敏",
        "Replenishment analyst",
        "补货分析师",
        "P3",
        "Chengdu",
        "RETAIL",
        "OPS",
        "LM-0003",
    ),
    Employee(
        "LM-0013",
        "Sun Tao",
        "孙涛",
        "Regional manager, south",
        "华南区域经理",
        "M3",
        "Shenzhen",
        "SHENZHEN",
        "OPS",
        "LM-0002",
    ),
    Employee(
        "LM-0014",
        "Ye Chen",
        "叶晨",
        "Regional manager, east",
        "华东区域经理",
        "M3",
        "Hangzhou",
        "HANGZHOU",
        "OPS",
        "LM-0002",
    ),
    Employee(
        "LM-0015",
        "Zhao Lan",
        "赵岚",
        "Regional manager, west",
        "西部区域经理",
        "M3",
        "Chengdu",
        "CHENGDU",
        "OPS",
        "LM-0002",
    ),
]

STORE_MANAGERS = [
    ("Cai Wen", "蔡雯"),
    ("Deng Bo", "邓博"),
    ("Du Heng", "杜衡"),
    ("Feng Kai", "冯凯"),
    ("Ma Rui", "马睿"),
    ("Pan Jie", "潘洁"),
    ("Hu Die", "胡蝶"),
    ("Fang Hao", "方浩"),
    ("Jiang Nan", "江楠"),
]
REGIONAL = {"Chengdu": "LM-0015", "Hangzhou": "LM-0014", "Shenzhen": "LM-0013"}

SURNAMES = [
    ("Wang", "王"),
    ("Li", "李"),
    ("Zhang", "张"),
    ("Liu", "刘"),
    ("Chen", "陈"),
    ("Yang", "杨"),
    ("Huang", "黄"),
    ("Wu", "吴"),
    ("Xu", "徐"),
    ("Zhu", "朱"),
    ("He", "何"),
    ("Guo", "郭"),
    ("Luo", "罗"),
    ("Song", "宋"),
    ("Xie", "谢"),
    ("Tang", "唐"),
    ("Han", "韩"),
    ("Cao", "曹"),
    ("Peng", "彭"),
    ("Xiao", "肖"),
    ("Shen", "沈"),
]
GIVEN = [
    ("Xinyi", "欣怡"),
    ("Zihan", "子涵"),
    ("Yutong", "雨桐"),
    ("Haoran", "浩然"),
    ("Jiahui", "佳慧"),
    ("Mengqi", "梦琪"),
    ("Tianyu", "天宇"),
    ("Siyuan", "思远"),
    ("Ruoxi", "若曦"),
    ("Jiayi", "嘉怡"),
    ("Zhiyuan", "志远"),
    ("Peiling", "佩玲"),
    ("Wenjing", "文静"),
    ("Jianguo", "建国"),
    ("Xiaoyan", "晓燕"),
    ("Lei", "磊"),
    ("Yan", "燕"),
    ("Peng", "鹏"),
]
JOBS = [
    ("Sales associate", "销售顾问", "P1"),
    ("Sales associate", "销售顾问", "P1"),
    ("Cashier", "收银员", "P1"),
    ("Stock keeper", "库存管理员", "P1"),
    ("Shift lead", "值班主管", "P2"),
    ("Visual merchandiser", "陈列专员", "P2"),
]
OFFICE = [
    ("SUP", "LM-0005", "Logistics planner", "物流计划专员", 7),
    ("FIN", "LM-0006", "Financial analyst", "财务分析师", 5),
    ("MER", "LM-0008", "Buyer", "采购专员", 7),
    ("HR", "LM-0004", "HR specialist", "人力资源专员", 5),
]


def employees() -> list[Employee]:
    """Everybody, managers before their reports. The same list every time."""
    names = _names()
    return [*PRINCIPALS, *_store_people(names), *_office_people(names)]


def _store_people(names: Iterator[tuple[str, str]]) -> Iterator[Employee]:
    for index, (store, (manager_en, manager_zh)) in enumerate(zip(STORES, STORE_MANAGERS, strict=True)):
        manager = f"LM-{100 + index:04d}"
        yield Employee(
            manager,
            manager_en,
            manager_zh,
            f"Store manager, {store.name_en}",
            f"{store.name_zh}店长"[:30],
            "M1",
            store.city,
            store.code,
            store.code,
            REGIONAL[store.city],
        )
        for seat in range(8):
            title_en, title_zh, level = JOBS[seat % len(JOBS)]
            name_en, name_zh = next(names)
            yield Employee(
                f"LM-{200 + index * 10 + seat:04d}",
                name_en,
                name_zh,
                title_en,
                title_zh,
                level,
                store.city,
                store.code,
                store.code,
                manager,
            )


def _office_people(names: Iterator[tuple[str, str]]) -> Iterator[Employee]:
    number = 400
    for team, manager, title_en, title_zh, count in OFFICE:
        for _seat in range(count):
            name_en, name_zh = next(names)
            yield Employee(
                f"LM-{number:04d}",
                name_en,
                name_zh,
                title_en,
                title_zh,
                "P3",
                "Chengdu",
                "STAFF",
                team,
                manager,
            )
            number += 1


def _names() -> Iterator[tuple[str, str]]:
    """Every combination once, in a shuffled order that is the same each time."""
    pairs = [(surname, given) for surname in SURNAMES for given in GIVEN]
    random.Random(SEED).shuffle(pairs)  # noqa: S311 - a story, not a secret
    for surname, given in pairs:
        yield f"{surname[0]} {given[0]}", f"{surname[1]}{given[1]}"
