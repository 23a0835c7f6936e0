"""Which column of a file means what. Pure. Guessed from headers in English and Chinese, adjustable by people."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Field:
    """One thing a column can mean. `names`: headers that mean it, the surest first."""

    key: str
    label: Any
    names: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


FIELDS = (
    Field(
        "number",
        _("Employee number"),
        _names(
            "employee number, employee id, employee no, emp no, emp id, staff id, staff "
            "number, personnel number, worker id, badge, number, id, no, 工号, 员工编号, 员工号, 职工号, "
            "人员编号, 编号"
        ),
    ),
    Field(
        "name_zh",
        _("Chinese name"),
        _names("chinese name, name chinese, name zh, name cn, local name, 中文姓名, 姓名 中文, 中文名"),
    ),
    Field(
        "name_en",
        _("Name"),
        _names(
            "name, full name, employee name, display name, name en, english name, name english, 姓名 英文, preferred "
            "name, 姓名, 员工姓名, 名字, 英文名, 英文姓名, employee, username, user name, login"
        ),
    ),
    Field("first_name", _("First name"), _names("first name, given name, forename, 名")),
    Field("last_name", _("Last name"), _names("last name, surname, family name, 姓")),
    Field(
        "email",
        _("E-mail"),
        _names("email, e mail, work email, email address, mail, 邮箱, 电子邮箱, 工作邮箱, 邮件, 电子邮件"),
    ),
    Field(
        "title_zh", _("Chinese title"), _names("title zh, chinese title, title chinese, 中文职位, 中文职务")
    ),
    Field(
        "title_en",
        _("Title"),
        _names("title, job title, position, job, role, title en, 职位, 岗位, 职务, 岗位名称, 英文职位"),
    ),
    Field("level", _("Level"), _names("level, grade, job level, band, 职级, 级别, 等级, 职等")),
    Field(
        "city",
        _("City"),
        _names("city, location, office, work location, site, 城市, 工作地点, 办公地点, 工作城市, 地点"),
    ),
    Field(
        "team",
        _("Team"),
        _names(
            "team, department, dept, department name, org unit, group, 部门, 团队, 所属部门, 部门名称, 组织"
        ),
    ),
    Field(
        "unit",
        _("Business unit"),
        _names("business unit, bu, division, store, cost center, cost centre, 事业部, 业务单元, 门店"),
    ),
    Field(
        "manager",
        _("Manager"),
        _names(
            "manager number, manager id, manager employee number, supervisor id, reports to, "
            "manager, supervisor, line manager, manager no, manager email, manager name, "
            "boss, 上级工号, 主管工号, 经理工号, 直属上级, 直接上级, 上级, 汇报对象, 汇报上级, 主管, 经理"
        ),
    ),
    Field(
        "hired_on",
        _("Joined on"),
        _names(
            "hire date, hired on, hire, start date, join date, joined, joined on, date of "
            "joining, employment date, 入职日期, 入职时间, 入职, 到岗日期"
        ),
    ),
    Field(
        "left_on",
        _("Left on"),
        _names("termination date, end date, leave date, left on, left, last day, 离职日期, 离职时间, 离职"),
    ),
)
BY_KEY = {field.key: field for field in FIELDS}
TEMPLATE = ("number", "name_en", "name_zh", "email", "title_en", "city", "team", "manager", "hired_on")


def guess(headers: list[str]) -> dict[str, int]:
    """field → index of its column. Each column is used once; a column nobody names is left out."""
    plain = [_plain(header) for header in headers]
    found: dict[str, int] = {}
    taken: set[int] = set()
    for surely in (True, False):
        for field in FIELDS:
            if field.key in found:
                continue
            index = _best(field, plain, taken, surely)
            if index is not None:
                found[field.key] = index
                taken.add(index)
    if "name_en" in found and {"first_name", "last_name"} <= set(found):
        del found["first_name"], found["last_name"]
    return found


def missing(mapping: dict[str, int]) -> list[Any]:
    """What a file must have and this mapping does not."""
    wanting = [] if "number" in mapping else [BY_KEY["number"].label]
    if not ({"name_en", "name_zh"} & set(mapping) or {"first_name", "last_name"} <= set(mapping)):
        wanting.append(BY_KEY["name_en"].label)
    return wanting


def _best(field: Field, headers: list[str], taken: set[int], surely: bool) -> int | None:
    for name in field.names:
        for index, header in enumerate(headers):
            if index not in taken and header == name:
                return index
    if surely:
        return None
    for name in field.names:
        if len(name) < (3 if name.isascii() else 2):
            continue
        for index, header in enumerate(headers):
            if index not in taken and name in header:
                return index
    return None


def _plain(header: str) -> str:
    """ "Employee_Number *" → "employee number"; "入职日期（必填）" → "入职日期"; "Name (Chinese)" → "name chinese"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    named = re.sub(
        r"[(（]\s*(chinese|english|中文|英文|zh|cn|en)\s*[)）]", r" \1 ", spaced, flags=re.IGNORECASE
    )
    without_hint = re.sub(r"[(（].*?[)）]", " ", named)
    return " ".join(re.sub(r"[_\-./*:：#]+", " ", without_hint).lower().split())
