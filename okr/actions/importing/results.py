"""The rows of an objective → its key results. Pure."""

import dataclasses
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from okr import rules
from okr.actions.importing import cells, columns, shapes
from okr.models import CheckpointContent, Content, KeyResultContent, MilestoneContent, contents
from okr.models.objectives import WHOLE_PPM, KeyResultKind

if TYPE_CHECKING:
    from okr.actions.importing.plan import Group

Row = tuple[int, dict[str, str]]


def read(
    reader: Any, group: "Group", base: Content | None, owner_id: uuid.UUID
) -> tuple[KeyResultContent, ...]:
    """Those that are here keep their order and come first; what names no key result leaves them as they are."""
    standing = base.key_results if base else ()
    if not group.rows:
        return standing
    found: list[tuple[Row, KeyResultContent]] = []
    left = list(standing)
    for row in group.rows:
        match = _match(reader, row, left, found)
        if match is not None:
            left.remove(match)
        found.append((row, _key_result(reader, row, match, owner_id)))
    weighted = _weighted(reader, found, {each.id: each for each in standing})
    places = {each.id: place for place, each in enumerate(standing)}
    return tuple(sorted(weighted, key=lambda each: places.get(each.id, len(places))))


def rows_in_order(group: "Group", content: Content, reader: Any) -> list[int]:
    """The row of the file for each key result of a content, as `read` ordered them."""
    by_title: dict[str, int] = {}
    for number, row in group.rows:
        by_title.setdefault(cells.key(row.get("key_result", "").removeprefix("'")), number)
        if "key_result_id" in row:
            by_title.setdefault(cells.key(row["key_result_id"]), number)
    return [
        by_title.get(str(each.id)) or by_title.get(cells.key(each.title.removeprefix("'")), group.row)
        for each in content.key_results
    ]


def weights_told(content: Content) -> str:
    """What the weights sum to, which is not a whole."""
    total = sum(each.weight_ppm for each in content.key_results)
    return _("The weights sum to %(sum)s%%. They must sum to exactly 100%%.") % {
        "sum": contents.plain(Decimal(total) / 10_000)
    }


def weight_suggested(content: Content, rows: list[int]) -> dict[int, str]:
    """row → the weight with which all of them sum to a whole, where one alone can make up for what is missing or too
    much; where several could, nobody but the author knows which."""
    missing = WHOLE_PPM - sum(each.weight_ppm for each in content.key_results)
    mended = {
        row: each.weight_ppm + missing
        for row, each in zip(rows, content.key_results, strict=True)
        if 0 < each.weight_ppm + missing <= WHOLE_PPM
    }
    if len(mended) != 1:
        return {}
    return {row: contents.plain(Decimal(ppm) / 10_000) or "" for row, ppm in mended.items()}


def metric_problems(content: Content, check: shapes.Check) -> list[rules.Problem]:
    """A metric is certified, and its target lies on its better side."""
    directions = {metric.key: metric.direction for metric in check.metrics}
    found = []
    for place, each in enumerate(content.key_results):
        if each.kind != KeyResultKind.KPI or not each.metric_key:
            continue
        if each.metric_key not in directions:
            found.append(rules.Problem(f"{place}.metric_key", _("This metric is not certified.")))
        elif rules.leads_the_wrong_way(each, directions[each.metric_key]):
            found.append(
                rules.Problem(
                    f"{place}.target",
                    _(
                        "The target lies on the wrong side of the start: see which way is better for this metric."
                    ),
                )
            )
    return found


def _match(
    reader: Any, row: Row, left: list[KeyResultContent], found: list[tuple[Row, KeyResultContent]]
) -> KeyResultContent | None:
    """The key result that a row speaks of: by its ID, else by its title."""
    number, texts = row
    wanted = texts.get("key_result_id", "")
    if wanted:
        match = next((each for each in left if str(each.id) == wanted.lower()), None)
        if match is None:
            reader.blame(
                number,
                "key_result_id",
                _("This objective has no such key result. Leave the cell empty for a new one."),
                wanted,
            )
        return match
    title = texts.get("key_result", "")
    if not title:
        return None
    match = next((each for each in left if cells.same(title, each.title)), None) or next(
        (each for each in left if cells.key(title) == cells.key(each.title)), None
    )
    twice = next((r for r, each in found if cells.key(each.title) == cells.key(title)), None)
    if match is None and twice is not None:
        reader.blame(
            number, "key_result", _("Row %(row)s has this key result too.") % {"row": twice[0]}, title
        )
    return match


def _key_result(
    reader: Any, row: Row, base: KeyResultContent | None, owner_id: uuid.UUID
) -> KeyResultContent:
    number, texts = row
    workbook = reader.check.from_workbook

    def attempt(field: str, make: Any, otherwise: Any) -> Any:
        return reader.attempt(number, field, texts.get(field, ""), make, otherwise)

    title = texts.get("key_result", "")
    if base is not None and (not title or cells.same(title, base.title)):
        title = base.title
    else:
        title = attempt("key_result", lambda: cells.line_of(title, longest=200), title[:200])
    kind = base.kind if base else ""
    if "kind" in texts:
        kind = attempt("kind", lambda: cells.choice(texts["kind"], KeyResultKind), kind)
    kind = kind or _likely_kind(reader, row)
    kept = base if base is not None and base.kind == kind else None
    fits = contents.FIELDS_OF.get(kind, ())
    amounts: dict[str, Any] = {}
    for name in columns.AMOUNTS:
        standing = getattr(kept, name) if kept else None
        text = texts.get(name, "")
        amounts[name] = standing
        if not text or cells.is_same_amount(text, standing, from_workbook=workbook):
            continue
        if kind and name not in fits:
            label = KeyResultKind(kind).label
            reader.blame(
                number,
                name,
                _("A key result of the kind “%(kind)s” has no such value. Empty the cell.") % {"kind": label},
                text,
            )
            continue
        amounts[name] = attempt(name, lambda text=text: cells.amount(text, from_workbook=workbook), standing)
    made = KeyResultContent(
        id=base.id if base else uuid7(),
        kind=kind,
        title=title,
        weight_ppm=base.weight_ppm if base else 0,
        owner_id=_owner(reader, row, base, owner_id),
        metric_key=_metric(reader, row, kept),
        slice=_slice(texts.get("slice", ""), kept),
        milestones=_milestones(texts.get("milestones", ""), kept, attempt),
        checkpoints=_checkpoints(texts.get("checkpoints", ""), kept, attempt),
        **amounts,
    )
    return _with_unit(reader, row, made, kept)


def _likely_kind(reader: Any, row: Row) -> str:
    """Where the kind is not told: by what its other cells tell."""
    _number, texts = row
    if texts.get("milestones"):
        return KeyResultKind.MILESTONES.value
    if texts.get("lower") or texts.get("upper"):
        return KeyResultKind.BAND.value
    if texts.get("metric"):
        return KeyResultKind.KPI.value
    if not texts.get("target"):
        reader.blame(row[0], "kind", _("Say which kind of key result it is."))
        return ""
    try:
        start, target = (cells.amount(texts.get(name) or "0") for name in ("start", "target"))
    except cells.CellError:
        return KeyResultKind.INCREASE.value
    return (KeyResultKind.DECREASE if target < start else KeyResultKind.INCREASE).value


def _owner(reader: Any, row: Row, base: KeyResultContent | None, owner_id: uuid.UUID) -> uuid.UUID | None:
    number, texts = row
    text = texts.get("key_result_owner", "")
    standing = base.owner_id if base else None
    if not text:
        return standing
    if (standing or owner_id) in {person.id for person in reader.names.people(text)}:
        return standing
    person = reader.somebody(number, "key_result_owner", text)
    return standing if person is None else None if person.id == owner_id else person.id


def _metric(reader: Any, row: Row, kept: KeyResultContent | None) -> str:
    number, texts = row
    text, standing = texts.get("metric", ""), kept.metric_key if kept else ""
    if not text or cells.same(text, standing):
        return standing
    metric = reader.names.metric(text)
    if metric is None:
        reader.blame(number, "metric", _("This metric is not certified."), text)
        return standing or text[:80]
    return str(metric.key)


def _slice(text: str, kept: KeyResultContent | None) -> dict[str, str]:
    standing = dict(kept.slice) if kept else {}
    if not text or cells.same(text, contents.slice_text(standing)):
        return standing
    return contents.slice_of(text)


def _milestones(text: str, kept: KeyResultContent | None, attempt: Any) -> tuple[MilestoneContent, ...]:
    standing = kept.milestones if kept else ()
    if not text or cells.same(text, "\n".join(each.title for each in standing)):
        return standing
    by_title = {each.title: each for each in standing}
    titles = attempt("milestones", lambda: cells.steps(text), [])
    return tuple(by_title.get(title) or MilestoneContent(title=title) for title in titles)


def _checkpoints(text: str, kept: KeyResultContent | None, attempt: Any) -> tuple[CheckpointContent, ...]:
    standing = kept.checkpoints if kept else ()
    if not text or cells.same(text, contents.checkpoints_text(standing)):
        return standing
    found: tuple[CheckpointContent, ...] = attempt("checkpoints", lambda: cells.checkpoints(text), standing)
    return found


def _with_unit(
    reader: Any, row: Row, made: KeyResultContent, kept: KeyResultContent | None
) -> KeyResultContent:
    """The one column of the export holds a currency for money, else a unit."""
    number, texts = row
    text = texts.get("unit", "")
    unit, currency = (kept.unit, kept.currency) if kept else ("", "")
    if text and not cells.same(text, currency or unit):
        if made.kind == KeyResultKind.MONEY:
            currency = reader.attempt(number, "unit", text, lambda: cells.currency(text), currency)
        elif made.kind != KeyResultKind.PERCENT or cells.key(text) not in ("%", "percent"):
            unit = reader.attempt(number, "unit", text, lambda: cells.line_of(text, longest=20), unit)
    if made.kind == KeyResultKind.MONEY and not currency:
        currency = reader.check.currency
    return dataclasses.replace(made, unit=unit, currency=currency)


def _weighted(
    reader: Any, found: list[tuple[Row, KeyResultContent]], standing: dict[uuid.UUID, KeyResultContent]
) -> list[KeyResultContent]:
    """With their weights. Nobody's told: those that stand hold where the key results are the same, else equal ones."""
    given: list[Decimal | None] = []
    workbook = reader.check.from_workbook
    for (number, texts), each in found:
        text = texts.get("weight", "")
        known = standing.get(each.id)
        if not text:
            given.append(None)
        elif known and cells.is_same_amount(text, Decimal(known.weight_ppm) / 10_000, from_workbook=workbook):
            given.append(Decimal(known.weight_ppm) / 10_000)
        else:
            value = reader.attempt(
                number, "weight", text, lambda text=text: cells.amount(text, from_workbook=workbook), None
            )
            if value is not None and not 0 <= value <= 100:
                reader.blame(number, "weight", _("A weight lies between 0% and 100%."), text)
                value = None
            given.append(value)
    if all(each is None for each in given) and {each.id for _row, each in found} == set(standing):
        return [each for _row, each in found]
    return [
        dataclasses.replace(each, weight_ppm=ppm)
        for (_row, each), ppm in zip(found, cells.shares(given), strict=True)
    ]
