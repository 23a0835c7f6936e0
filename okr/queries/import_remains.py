"""What taking an import of goals back would do: goal by goal, what stands as the file left it. A constant number of
queries."""

import dataclasses
import datetime
import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Prefetch
from django.utils.translation import gettext_lazy as _

from okr import rules
from okr.models import Content, GoalImport, Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.models.objectives import State
from okr.queries import hanging
from okr.queries import objectives as reads
from okr.queries.contents import content_of_rows
from okr.queries.soundness import flaws_of
from okr.queries.visibility import visible_to
from performance.foundation import access
from performance.people import queries as people

#: What becomes of a goal, in the order of the page.
DEEDS: dict[str, Any] = {
    "remove": _("is removed"),
    "unpropose": _("is a draft again"),
    "restore": _("gets its former text back"),
    "withdraw": _("the proposed change is withdrawn"),
    "stay": _("stays"),
}
#: Why one stays as it is.
REASONS: dict[str, Any] = {
    "gone": _("You do not find it any more."),
    "agreed": _("Both sides have agreed to it."),
    "signed": _("Somebody has agreed to it since."),
    "changed": _("It has been changed since."),
    "used": _("Others have worked with it since: words, links or votes hang on it."),
    "own": _("You have worked with it since: words or links of yours hang on it."),
    "withdrawn": _("It has been withdrawn already."),
    "closed": _("It is closed."),
    "right": _("You may not change it any more."),
    "unsound": _("Its former text cannot be proposed any more: what it names is no longer there for you."),
    "alone": _("Nobody agrees for the other side any more."),
}


@dataclass(frozen=True)
class Kept:
    """What an import keeps of a goal that it wrote. `version`: the number of its proposal, None of a draft. `former`:
    the draft or proposal that the file replaced."""

    id: uuid.UUID
    is_new: bool
    version: int | None
    content: Content
    former: Content | None

    @classmethod
    def of(cls, told: Mapping[str, Any], *, is_new: bool) -> "Kept":
        former = Content.from_json(told["former"]) if told["former"] else None
        content = Content.from_json(told["content"])
        return cls(uuid.UUID(told["id"]), is_new, told["version"], content, former)


@dataclass(frozen=True)
class Remnant:
    """A goal that the file brought or changed. `former`: the text that it gets back. `version`: the number of its
    latest version, None where it has none. `why` is one of REASONS."""

    id: uuid.UUID
    title: str
    deed: str
    why: str = ""
    former: Content | None = None
    objective: Objective | None = None
    version: int | None = None

    @property
    def deed_label(self) -> Any:
        return DEEDS[self.deed]

    @property
    def why_label(self) -> Any:
        return REASONS.get(self.why, "")

    @property
    def is_taken_back(self) -> bool:
        return self.deed != "stay"


def remains_of(upload: GoalImport, actor: access.Actor, on: datetime.date) -> list[Remnant]:
    """In the order of the file's report; nothing where the import was never applied or is taken back already."""
    kept = [
        Kept.of(each, is_new=is_new)
        for name, is_new in (("new", True), ("changed", False))
        for each in upload.before.get(name, [])
    ]
    if not kept or upload.applied_at is None:
        return []
    here = _standing(visible_to(actor, on), [each.id for each in kept], actor, upload.applied_at)
    found = [_remnant(each, here.get(each.id), actor) for each in kept]
    return _as_far_as_allowed(found, kept, upload.period, actor, on)


def digest_of(remains: Collection[Remnant]) -> str:
    """Equal where the same would be done: what somebody saw is what they confirm."""
    told = [[str(each.id), each.deed] for each in remains]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def taken_back_rows(upload: GoalImport) -> list[tuple[str, Any, Any]]:
    """Of an import that was taken back: title, what became of it, and why it stayed, in the reader's language."""
    rows = (row[:3] for row in upload.taken_back)
    return [(title, DEEDS[deed], REASONS.get(why, "")) for title, deed, why in rows]


def drafts_left(actor: access.Actor, period_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Drafts of the period that taking the actor's own imports back has left, as far as nobody has proposed them since.
    Two queries."""
    mine = GoalImport.objects.filter(uploaded_by_id=actor.person_id, period_id=period_id)
    told = mine.exclude(taken_back_at=None).order_by("taken_back_at").values_list("taken_back", flat=True)
    left = {
        uuid.UUID(row[3]): row[4] for rows in told for row in rows if row[1] == "unpropose" and len(row) > 3
    }
    drafts = Objective.objects.filter(pk__in=left, state=State.DRAFT).annotate(last=Max("versions__number"))
    return frozenset(key for key, last in drafts.values_list("pk", "last") if last == left[key])


def _standing(
    visible: Any, ids: Sequence[uuid.UUID], actor: access.Actor, since: datetime.datetime
) -> dict[uuid.UUID, Objective]:
    """Those that are here, with texts, versions and signatures, and with what hangs on them."""
    versions = ObjectiveVersion.objects.prefetch_related("agreements").order_by("number")
    rows = reads.with_key_results(hanging.with_hanging(visible.filter(pk__in=ids), actor.person_id, since))
    found: dict[uuid.UUID, Any] = {
        each.pk: each for each in rows.prefetch_related(Prefetch("versions", queryset=versions))
    }
    for key, writers in hanging.writers_of_notes(list(found)).items():
        found[key].is_used |= bool(writers)
        found[key].is_used_by_others |= bool(writers - {actor.person_id})
    return found


def _remnant(kept: Kept, one: Objective | None, actor: access.Actor) -> Remnant:
    if one is None:
        return Remnant(kept.id, kept.content.title, "stay", "gone")
    versions = list(one.versions.all())
    why = _why_it_stays(kept, one, versions, actor)
    deed = "stay" if why else _deed(kept, one, versions)
    number = versions[-1].number if versions else None
    return Remnant(kept.id, kept.content.title, deed, why, kept.former, one, number)


def _deed(kept: Kept, one: Any, versions: Sequence[ObjectiveVersion]) -> str:
    """Of what stands as the file left it."""
    if not kept.is_new:
        if kept.former is not None:
            return "restore"
        return "withdraw" if one.is_in_force else "unpropose"
    # A signature is never deleted, nor is a word: with either of them, the importer's own, it stays as a draft.
    signed = any(each.agreements.all() for each in versions)
    return "unpropose" if signed or one.is_used else "remove"


def _why_it_stays(kept: Kept, one: Any, versions: Sequence[ObjectiveVersion], actor: access.Actor) -> str:
    if one.state == State.CLOSED:
        return "closed"
    why = (
        _why_a_draft_stays(kept, one, versions)
        if kept.version is None
        else _why_a_proposal_stays(kept, one, versions, actor)
    )
    if not why and (one.is_used_by_others if kept.is_new else one.is_talked_of):
        return "used"
    return why or ("own" if kept.is_new and kept.version is None and one.is_used else "")


def _why_a_draft_stays(kept: Kept, one: Objective, versions: Sequence[ObjectiveVersion]) -> str:
    says_so = _owned(content_of_rows(one, one.key_results.all()), one) == _owned(kept.content, one)
    stands = one.state == State.DRAFT and says_so
    return "" if stands and not (kept.is_new and versions) else "changed"


def _why_a_proposal_stays(
    kept: Kept, one: Objective, versions: Sequence[ObjectiveVersion], actor: access.Actor
) -> str:
    last = versions[-1]
    if last.number != kept.version and not _says_again(kept, last, one, actor):
        return "changed"
    if last.state == VersionState.IN_FORCE:
        return "agreed"
    if last.state != VersionState.PROPOSED:
        return "withdrawn"
    # What is new goes with all that was ever proposed of it; of a change, with its own signatures alone.
    gone = versions if kept.is_new else [last]
    if any(each.person_id != actor.person_id for version in gone for each in version.agreements.all()):
        return "signed"
    return "changed" if any(each.by_id != actor.person_id for each in gone) else ""


def _says_again(kept: Kept, last: ObjectiveVersion, one: Objective, actor: access.Actor) -> bool:
    """Whether the importer put the file's own text up again: a later file that changed it was taken back."""
    is_theirs = last.state == VersionState.PROPOSED and last.by_id == actor.person_id
    return is_theirs and _owned(last.as_content, one) == _owned(kept.content, one)


def _owned(content: Content, one: Objective) -> Content:
    """A key result for whom nobody is named is its objective's owner's."""
    owned = tuple(
        dataclasses.replace(each, owner_id=each.owner_id or one.owner_id) for each in content.key_results
    )
    return dataclasses.replace(content, key_results=owned)


def _as_far_as_allowed(
    found: list[Remnant], kept: Sequence[Kept], period: Any, actor: access.Actor, on: datetime.date
) -> list[Remnant]:
    """A former text is put up again by the rules for any text: by who may change the goal, and where it is sound."""
    back = [
        (each, each.objective, each.former, told.content)
        for each, told in zip(found, kept, strict=True)
        if each.deed == "restore" and each.objective is not None and each.former is not None
    ]
    if not back:
        return found
    below = frozenset(people.ids_below(actor.person_id, on))
    alone = _without_other_side([one for _each, one, _former, _now in back], on)
    flaws = flaws_of([(former, now) for _each, _one, former, now in back], period=period, by=actor)
    why: dict[uuid.UUID, str] = {}
    for (each, one, _former, _now), wrong in zip(back, flaws, strict=True):
        line = (actor.person_id,) if one.owner_id in below else ()
        if not rules.can_change_by_import(actor, one, line):
            why[each.id] = "right"
        elif wrong:
            why[each.id] = "unsound"
        elif one.pk in alone:
            why[each.id] = "alone"
    return [
        dataclasses.replace(each, deed="stay", why=why[each.id]) if each.id in why else each for each in found
    ]


def _without_other_side(objectives: Sequence[Objective], on: datetime.date) -> set[uuid.UUID]:
    """Proposed ones for which nobody agrees, and whose owner has no manager who could. Two queries."""
    left = [each for each in objectives if each.agreer_id is None and each.state != State.DRAFT]
    managers = people.managers_of({each.owner_id for each in left}, on)
    here = people.active_people(on).filter(pk__in=managers.values())
    present = set(here.values_list("pk", flat=True))
    return {
        each.pk
        for each in left
        if managers.get(each.owner_id) not in present or managers[each.owner_id] == each.owner_id
    }
