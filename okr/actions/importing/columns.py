"""Which column of a file means what. Pure. The headers of our own export in every language, and what else people
call them."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation

from okr.queries import exporting


@dataclass(frozen=True)
class Field:
    """One thing a column can mean. `key`: its name in the export, or a name of its own. `names`: further headers."""

    key: str
    names: tuple[str, ...] = ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


FIELDS = (
    Field("objective_id", _names("objective id, goal id, 目标 id, 目标编号")),
    Field("period", _names("period, quarter, cycle, 周期, 季度")),
    Field(
        "owner_number",
        _names(
            "owner number, owner no, owner id, employee number, employee id, employee no, staff id, 负责人工号, "
            "工号, 员工编号, 员工工号"
        ),
    ),
    Field(
        "owner_email",
        _names("owner email, owner e mail, email, e mail, 负责人邮箱, 邮箱, 电子邮箱"),
    ),
    Field(
        "owner",
        _names("owner, objective owner, goal owner, responsible, name, 负责人, 目标负责人, 责任人, 姓名"),
    ),
    Field("owned_by", _names("owned by, owner kind, owner type, level, 归属, 归属类型, 目标层级")),
    Field("team", _names("team, team code, department, dept, 团队, 部门, 团队编码")),
    Field("sponsor", _names("sponsor, agreed by, 确认人, 发起人, 支持人")),
    Field("objective", _names("objective, goal, objective title, o, 目标, 目标名称, 目标 o")),
    Field(
        "description",
        _names("why it matters now, why, description, objective description, 描述, 目标描述, 说明, 为什么"),
    ),
    Field("type", _names("type, objective type, goal type, 类型, 目标类型")),
    Field("visibility", _names("visible to, visibility, who can see it, 可见范围, 可见性, 公开范围")),
    Field("objective_weight", _names("objective weight, goal weight, 目标权重")),
    Field("key_result_id", _names("key result id, kr id, 关键结果 id, 关键结果编号")),
    Field(
        "key_result",
        _names(
            "key result, key results, kr, key result title, measure, 关键结果, 关键成果, 关键结果 kr, kr名称"
        ),
    ),
    Field("kind", _names("kind, key result kind, measure type, metric type, 种类, 衡量方式, 关键结果类型")),
    Field("weight", _names("weight, key result weight, kr weight, 权重, 关键结果权重, kr权重")),
    Field("unit", _names("unit, currency, unit of measure, 单位, 币种")),
    Field(
        "start",
        _names("start, from, start value, baseline, initial value, 起始值, 开始, 起点, 基线, 初始值, 基准值"),
    ),
    Field("target", _names("target, to, target value, 目标值, 指标值")),
    Field("commit", _names("at least, commit, commit value, committed, 承诺值, 底线, 保底值")),
    Field("stretch", _names("stretch, stretch value, 挑战目标, 卓越值")),
    Field("lower", _names("lower edge, lower, lower bound, min, minimum, 下限")),
    Field("upper", _names("upper edge, upper, upper bound, max, maximum, 上限")),
    Field("tolerance", _names("tolerance, 容差, 容许偏差")),
    Field("milestones", _names("milestones, steps, 里程碑")),
    Field("checkpoints", _names("checkpoints, expected by date, 检查点, 进度节点")),
    Field("metric", _names("metric, kpi, metric key, 指标, 指标编码")),
    Field("slice", _names("part of the business, slice, 业务范围, 切片")),
    Field(
        "key_result_owner",
        _names("key result owner, kr owner, 关键结果负责人, kr负责人"),
    ),
)
#: What stands on the objective's first row, and may be empty on those below.
OF_OBJECTIVE = (
    *("objective_id", "period", "owner_number", "owner_email", "owner", "owned_by", "team", "sponsor"),
    *("objective", "description", "type", "visibility", "objective_weight"),
)
OF_KEY_RESULT = tuple(field.key for field in FIELDS if field.key not in OF_OBJECTIVE)
AMOUNTS = ("start", "target", "commit", "stretch", "lower", "upper", "tolerance")
#: Letters of a header that are looked at: no name of a column is as long.
LONGEST = 200


def mapping_of(headers: Sequence[str]) -> dict[str, int]:
    """field → place of its column. Each column is used once, the first one of a name; the others are not read."""
    named = _named()
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        key = named.get(plain(header))
        if key is not None:
            found.setdefault(key, place)
    return found


def label(key: str) -> str:
    """What our export calls a column, in the reader's language; else a name of it."""
    found = next((str(label) for name, label, _is_number in exporting.COLUMNS if name == key), "")
    return found or next((field.names[0].capitalize() for field in FIELDS if field.key == key), key)


def plain(header: str) -> str:
    """ "Key_Result *" → "key result"; "权重（%）" → "权重"; "Owner’s number" → "owners number"."""
    text = unicodedata.normalize("NFKC", header[:LONGEST])
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower().replace("'", "").replace("’", "")
    text = re.sub(r"\([^()]*\)", " ", text)
    return " ".join(re.sub(r"[_\-./*:#%]+", " ", text).split())


@functools.cache
def _named() -> dict[str, str]:
    """Every header that is understood → its field. The export's own headers count before any synonym."""
    labels = {name: label for name, label, _is_number in exporting.COLUMNS}
    known = {field.key for field in FIELDS}
    named: dict[str, str] = {}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            for name, label in labels.items():
                # What the export tells and no import reads keeps its header to itself: "Last value", "State".
                named.setdefault(plain(str(label)), name if name in known else "")
    for field in FIELDS:
        for name in (field.key.replace("_", " "), *field.names):
            named.setdefault(plain(name), field.key)
    return {header: key for header, key in named.items() if key}
