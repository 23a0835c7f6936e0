"""Templates of reviews: written as a draft, published for good, revised as the next version."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from performance.appraisals import rules
from performance.appraisals.models import (
    ReviewKind,
    ReviewTemplate,
    SectionKind,
    TemplateSection,
    TemplateVersion,
    VersionState,
)
from performance.appraisals.models.templates import STEPS_AT_MOST, WHOLE
from performance.foundation import access, audit, refusals

SECTIONS_AT_MOST = 12
PERCENT = WHOLE // 100
EVERYBODY = tuple(ReviewKind.values)


class TemplateRefused(refusals.Refused):
    """A template cannot be written or published as asked."""


@dataclass(frozen=True)
class Section:
    """A section as it is typed; `weight` in percent, exact to four places."""

    kind: str
    name_en: str
    name_zh: str = ""
    weight: Decimal = Decimal(0)
    asked_of: Sequence[str] = EVERYBODY
    guide_en: str = ""
    guide_zh: str = ""
    points: Sequence[Mapping[str, str]] = ()
    steps: Sequence[Mapping[str, str]] = ()


#: What a template begins with.
USUAL = (
    Section(
        SectionKind.SCORE,
        "Results",
        "业绩",
        Decimal(60),
        (ReviewKind.SELF, ReviewKind.MANAGER),
        "What was reached, beside what was agreed.",
        "对照约定的目标，实际达成了什么。",
    ),
    Section(
        SectionKind.COMPETENCIES,
        "How we work",
        "工作方式",
        Decimal(25),
        EVERYBODY,
        "How it was reached, and how it was to work together.",
        "目标是怎样达成的，协作情况如何。",
        (
            {"en": "Keeps promises", "zh": "信守承诺"},
            {"en": "Shares what others need to know", "zh": "及时同步信息"},
            {"en": "Decides on facts", "zh": "基于事实决策"},
        ),
    ),
    Section(
        SectionKind.QUESTION,
        "Growth",
        "成长",
        Decimal(15),
        (ReviewKind.SELF, ReviewKind.MANAGER),
        "What to try next, and what help that needs.",
        "下一步尝试什么，需要哪些支持。",
    ),
)


@transaction.atomic
def start_template(
    *,
    name_en: str,
    name_zh: str,
    by: access.Actor,
    at: datetime.datetime,
    sections: Sequence[Section] = USUAL,
) -> TemplateVersion:
    """A new template whose first version is a draft."""
    access.require(rules.can_edit_templates(by))
    if not name_en.strip():
        raise TemplateRefused(_("Give the template a name."), field="name_en")
    try:
        with transaction.atomic():
            template = ReviewTemplate.objects.create(name_en=name_en.strip(), name_zh=name_zh.strip())
    except IntegrityError as error:
        raise TemplateRefused(_("There is a template of that name already."), field="name_en") from error
    version = TemplateVersion.objects.create(template=template, number=1, made_by=by.person, made_at=at)
    _write(version, sections)
    audit.record(by=by, action="appraisals.start_template", subject=template, at=at)
    return version


@transaction.atomic
def revise_template(*, template: ReviewTemplate, by: access.Actor, at: datetime.datetime) -> TemplateVersion:
    """The next version as a draft, from the latest one; the draft that there is, where there is one."""
    access.require(rules.can_edit_templates(by))
    held = ReviewTemplate.objects.select_for_update().get(pk=template.pk)
    latest = held.versions.order_by("-number").first()
    if latest is not None and latest.is_draft:
        return latest
    number = latest.number + 1 if latest else 1
    version = TemplateVersion.objects.create(template=held, number=number, made_by=by.person, made_at=at)
    if latest is not None:
        TemplateSection.objects.bulk_create([_copy(section, version) for section in latest.sections.all()])
    audit.record(by=by, action="appraisals.revise_template", subject=held, at=at, changes={"version": number})
    return version


@transaction.atomic
def save_sections(
    *, version: TemplateVersion, sections: Sequence[Section], by: access.Actor, at: datetime.datetime
) -> None:
    """What a draft asks, whole. Weights need not be right yet: publishing asks for exactly 100 percent."""
    access.require(rules.can_edit_templates(by))
    held = _draft(version)
    _write(held, sections)
    TemplateVersion.objects.filter(pk=held.pk).update(made_by=by.person, made_at=at)


@transaction.atomic
def publish_version(
    *, version: TemplateVersion, note: str, by: access.Actor, at: datetime.datetime
) -> TemplateVersion:
    """From now on cycles are opened with this version; those that are open keep theirs."""
    access.require(rules.can_edit_templates(by))
    held = _draft(version)
    sections = list(held.sections.all())
    total = sum(section.weight_ppm for section in sections)
    if total != WHOLE:
        raise TemplateRefused(
            _("The weights come to %(total)s %%; they must come to exactly 100 %%.")
            % {"total": format((Decimal(total) / PERCENT).normalize(), "f")},
            code="weights",
        )
    if not any(section.is_rated and section.is_for(ReviewKind.MANAGER) for section in sections):
        raise TemplateRefused(_("Ask the manager for at least one rating."), code="no_manager")
    if held.number > 1 and not note.strip():
        raise TemplateRefused(_("Say what changes, in a few words."), field="note")
    TemplateVersion.objects.filter(pk=held.pk).update(
        state=VersionState.PUBLISHED, note=note.strip(), published_by=by.person, published_at=at
    )
    held.refresh_from_db()
    audit.record(
        by=by,
        action="appraisals.publish_template",
        subject=held.template,
        at=at,
        why=note.strip(),
        changes={"version": held.number, "sections": [_told(section) for section in sections]},
    )
    return held


def _write(version: TemplateVersion, sections: Sequence[Section]) -> None:
    if not sections:
        raise TemplateRefused(_("A review needs a section."), code="no_sections")
    if len(sections) > SECTIONS_AT_MOST:
        raise TemplateRefused(
            _("%(most)s sections are the most.") % {"most": SECTIONS_AT_MOST}, code="too_many"
        )
    version.sections.all().delete()
    TemplateSection.objects.bulk_create(
        [_section(version, place, section) for place, section in enumerate(sections, start=1)]
    )


def _section(version: TemplateVersion, place: int, said: Section) -> TemplateSection:
    field = f"section-{place}"
    if said.kind not in SectionKind.values:
        raise TemplateRefused(_("Choose what the section is about."), field=field)
    if not said.name_en.strip():
        raise TemplateRefused(_("Give each section a name."), field=field)
    asked_of = [kind for kind in ReviewKind.values if kind in said.asked_of]
    if not asked_of:
        raise TemplateRefused(_("Say who is asked."), field=field)
    weight = said.weight * PERCENT
    if weight != int(weight) or not 0 <= weight <= WHOLE:
        raise TemplateRefused(_("A weight lies between 0 and 100, with four places at most."), field=field)
    if said.steps and not 2 <= len(said.steps) <= STEPS_AT_MOST:
        raise TemplateRefused(
            _("A scale has from 2 to %(most)s steps.") % {"most": STEPS_AT_MOST}, field=field
        )
    return TemplateSection(
        version=version,
        position=place,
        kind=said.kind,
        name_en=said.name_en.strip(),
        name_zh=said.name_zh.strip(),
        guide_en=said.guide_en.strip(),
        guide_zh=said.guide_zh.strip(),
        weight_ppm=int(weight),
        asked_of=asked_of,
        points=[dict(each) for each in said.points],
        steps=[dict(each) for each in said.steps],
    )


COPIED = [
    *("position", "kind", "name_en", "name_zh", "guide_en"),
    *("guide_zh", "weight_ppm", "asked_of", "points", "steps"),
]


def _copy(section: TemplateSection, version: TemplateVersion) -> TemplateSection:
    kept: dict[str, Any] = {name: getattr(section, name) for name in COPIED}
    return TemplateSection(version=version, **kept)


def _draft(version: TemplateVersion) -> TemplateVersion:
    """As it stands now, held. Who comes second finds it published."""
    held = (
        TemplateVersion.objects.select_related("template").select_for_update(of=("self",)).get(pk=version.pk)
    )
    if not held.is_draft:
        raise TemplateRefused(_("This version is published; revise the template."), code="conflict")
    return held


def _told(section: TemplateSection) -> dict[str, Any]:
    return {"name": section.name_en, "kind": section.kind, "weight_ppm": section.weight_ppm}
