"""Small parts that carry words: chips, confidence dots, rating scales, avatars, signatures, differences."""

import datetime
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from performance.foundation import i18n
from performance.foundation.components import formats
from performance.foundation.components.icons import icon

# state: (icon, words, class)
STATES: dict[str, tuple[str, Any, str]] = {
    "good": ("circle-check", gettext_lazy("On track"), "good"),
    "warn": ("alert-triangle", gettext_lazy("At risk"), "warn"),
    "bad": ("alert-octagon", gettext_lazy("Off track"), "bad"),
    "none": ("circle-dashed", gettext_lazy("Not started"), ""),
    "done": ("checks", pgettext_lazy("state", "Done"), "good"),
    "prov": ("clock", gettext_lazy("Provisional"), "prov"),
    "closed": ("lock", pgettext_lazy("state", "Closed"), "line"),
}

CONFIDENCE = (
    gettext_lazy("Unlikely"),
    gettext_lazy("Doubtful"),
    pgettext_lazy("confidence", "Even"),
    gettext_lazy("Likely"),
    pgettext_lazy("confidence", "Sure"),
)
AGREEMENT = (
    gettext_lazy("Not at all"),
    gettext_lazy("Rather not"),
    gettext_lazy("Partly"),
    gettext_lazy("Mostly"),
    gettext_lazy("Fully"),
)
RATING = (
    gettext_lazy("Not meeting"),
    gettext_lazy("Developing"),
    pgettext_lazy("rating", "Solid"),
    pgettext_lazy("rating", "Strong"),
    gettext_lazy("Exceptional"),
)

# state: (chip state, icon, words, waiting)
SIGNATURES: dict[str, tuple[str, str, Any, bool]] = {
    "signed": ("good", "circle-check", gettext_lazy("Signed"), False),
    "mine": ("accent", "signature", gettext_lazy("Your turn"), True),
    "open": ("accent", "signature", gettext_lazy("Their turn"), True),
    "waiting": ("", "clock", gettext_lazy("Waiting"), True),
    "changed": ("warn", "git-branch", gettext_lazy("Asked for a change"), False),
    "void": ("", "x", pgettext_lazy("signature", "Void"), False),
}


def chip(state: str = "", text: object = "", ic: str = "", cls: str = "") -> SafeString:
    """State as icon and word. States with words of their own need no text; `closed` is drawn as a line chip."""
    own_icon, own_words, kind = STATES.get(state, ("", "", state))
    names = " ".join(part for part in ("chip", f"chip-{kind}" if kind else "", cls) if part)
    shown = ic or own_icon
    return format_html('<span class="{}">{}{}</span>', names, icon(shown) if shown else "", text or own_words)


def _words(words: Sequence[object] | None, default: Sequence[object]) -> Sequence[object]:
    return words or default


def dots(
    name: str,
    value: Any = None,
    legend: object = "",
    words: Sequence[object] | None = None,
    *,
    required: bool = False,
    disabled: bool = False,
) -> SafeString:
    """Confidence as five radios named `name`, 1 to 5. With a legend and words it is a question of the pulse."""
    chosen = str(value or "")
    flags = mark_safe((" required" if required else "") + (" disabled" if disabled else ""))  # noqa: S308
    radios = format_html_join(
        "",
        '<label title="{1} · {2}"><input type="radio" name="{0}" value="{1}" aria-label="{1} · {2}"{3}{4}><i></i></label>',
        (
            (name, ordinal, word, mark_safe(" checked") if str(ordinal) == chosen else "", flags)
            for ordinal, word in enumerate(_words(words, CONFIDENCE), 1)
        ),
    )
    return format_html(
        '<fieldset class="o-dots"><legend class="visually-hidden">{}</legend>{}</fieldset>',
        legend or _("Confidence"),
        radios,
    )


def dots_ro(value: Any, label: object = "", words: Sequence[object] | None = None) -> SafeString:
    """The same, read only. None is "not answered"."""
    amount = formats.decimal_of(value)
    count = 0 if amount is None else max(0, min(5, int(formats.rounded(amount, 0))))
    word = _words(words, CONFIDENCE)[count - 1] if count else _("not answered")
    circles = format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="6" r="4"/>',
        (("on" if index < count else "", 5 + index * 11) for index in range(5)),
    )
    said = f" {count}/5{formats.mark(',')}{word}" if count else f"{formats.mark(':')}{word}"
    meaning = f"{label or _('Confidence')}{said}"
    return format_html(
        '<span class="o-dots-ro"><svg width="56" height="12" role="img" aria-label="{}"><title>{}</title>{}</svg></span>',
        meaning,
        f"{count} · {word}" if count else word,
        circles,
    )


def rate(
    name: str,
    value: Any = None,
    hint: Any = None,
    legend: object = "",
    words: Sequence[object] | None = None,
    *,
    required: bool = False,
) -> SafeString:
    """Rating scale: five radios; the suggested one (`hint`) is dashed, the chosen one filled."""
    chosen, suggested = str(value or ""), str(hint or "")
    labels = format_html_join(
        "",
        '<label class="{0}"><input type="radio" name="{1}" value="{2}" aria-label="{2} {3}{4}"{5}{6}>'
        "<b>{2}</b><span>{3}</span></label>",
        (
            (
                "hint" if str(ordinal) == suggested else "",
                name,
                ordinal,
                word,
                _(", suggested") if str(ordinal) == suggested else "",
                mark_safe(" checked") if str(ordinal) == chosen else "",
                mark_safe(" required") if required else "",
            )
            for ordinal, word in enumerate(_words(words, RATING), 1)
        ),
    )
    return format_html(
        '<fieldset class="rate"><legend class="visually-hidden">{}</legend>{}</fieldset>',
        legend or _("Rating"),
        labels,
    )


def _initials(person: object, size: str) -> str:
    name = formats.person_name(person)
    if any("一" <= letter <= "鿿" for letter in name):
        return name[-1:] if size == "s" else name[-2:]
    words = name.split()
    if not words:
        return ""
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def _tint(person: object) -> int:
    """Always the same soft colour for the same person, in both languages."""
    stable = getattr(person, "name_en", "") or getattr(person, "number", "") or str(person)
    return 1 + zlib.crc32(str(stable).encode()) % 6


def avatar(person: object, size: str = "", *, named: bool = False) -> SafeString:
    """Initials on a tint. Decorative beside a written name; `named` when it stands alone. None is an empty place."""
    if person is None or person == "":
        return format_html(
            '<span class="avatar{}" aria-hidden="true">–</span>', f" avatar-{size}" if size else ""
        )
    meaning = (
        format_html('role="img" aria-label="{}"', formats.person_name(person))
        if named
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<span class="avatar av{}{}" {}>{}</span>',
        _tint(person),
        f" avatar-{size}" if size else "",
        meaning,
        _initials(person, size),
    )


def faces(people: Iterable[object], size: str = "s") -> SafeString:
    """A row of overlapping avatars, each with its name for screen readers."""
    return format_html(
        '<span class="faces">{}</span>',
        format_html_join("", "{}", ((avatar(p, size, named=True),) for p in people)),
    )


def spot(ic: str, kind: str = "") -> SafeString:
    """An icon in a soft circle: accent, good, warn, bad, info or plain."""
    return format_html('<span class="spot{}">{}</span>', f" spot-{kind}" if kind else "", icon(ic))


def signature(
    person: object,
    state: str = "open",
    note: object = "",
    when: datetime.datetime | None = None,
    text: object = "",
) -> SafeString:
    """One of the boxes in `.signs`: who, the state of the signature, in which role and since when."""
    chip_state, chip_icon, words, waiting = SIGNATURES[state]
    moment = formats.daytime(when) if when else ""
    line = ("，" if i18n.is_chinese() else ", ").join(str(part) for part in (note, moment) if part)
    return format_html(
        '<div class="sign{}"><div class="row-x">{}<span class="fw-medium grow">{}</span>{}</div>'
        '<div class="t-xs t-3 mt-1">{}</div></div>',
        " open" if waiting else "",
        avatar(person, "s"),
        formats.person_name(person),
        chip(chip_state, text or words, chip_icon),
        line,
    )


def diff(rows: Iterable[tuple[object, object, object]]) -> SafeString:
    """What changes: rows of (label, old, new). Only new is an addition, only old is a removal."""

    def change(old: object, new: object) -> SafeString:
        before = format_html("<del>{}</del> ", old) if old not in (None, "") else ""
        if new in (None, ""):
            return format_html("{}", before)
        return format_html("{}<ins{}>{}</ins>", before, mark_safe(' class="to"') if before else "", new)

    return format_html(
        '<div class="diff">{}</div>',
        format_html_join(
            "",
            '<div><span class="t-3">{}</span><span>{}</span></div>',
            ((r[0], change(r[1], r[2])) for r in rows),
        ),
    )


def stat(
    label: object, value: object, note: object = "", href: str = "", *, current: bool = False
) -> SafeString:
    """One count of `.stats`; a link when it filters."""
    inside = format_html(
        '<span class="d-block t-xs t-3">{}</span><span class="d-block num-lg">{}</span>{}',
        label,
        formats.MISSING if value is None else value,
        format_html('<span class="d-block t-xs t-3">{}</span>', note) if note else "",
    )
    here = mark_safe(' aria-current="true"') if current else ""
    return (
        format_html('<a href="{}"{}>{}</a>', href, here, inside)
        if href
        else format_html("<div{}>{}</div>", here, inside)
    )
