"""`{% load components %}`: the components, numbers and days of the interface for templates.

The work is done in performance.foundation.components; this module only gives it names in templates.
"""

import urllib.parse
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import json_script
from django.utils.safestring import SafeString

from performance.foundation import i18n, once
from performance.foundation.components import fields, formats, icons, parts, svg, words

register = template.Library()


# --- Filters ---------------------------------------------------------------------------------------------

register.filter("number", formats.number)
register.filter("signed", formats.signed)
register.filter("percent", formats.percent)
register.filter("points", formats.points)
register.filter("pp", formats.percentage_points)
register.filter("money", formats.money)
register.filter("money_exact", formats.money_exact)
register.filter("currency_name", formats.currency_name)
register.filter("micro", formats.micro)
register.filter("ppm", formats.ppm)
register.filter("day", formats.day)
register.filter("daytime", formats.daytime)
register.filter("clock", formats.clock)
register.filter("week", formats.week)
register.filter("week_number", formats.week_number)
register.filter("month", formats.month)
register.filter("quarter", formats.quarter)
register.filter("ago", formats.ago)
register.filter("listed", formats.listed)
register.filter("person_name", formats.person_name)


@register.filter
def local(record: Any, name: str) -> str:
    """`{{ team|local:"name" }}`: the text of the reader's language."""
    return "" if record is None else i18n.local(record, name)


@register.filter
def undo_url(message: Any) -> str:
    """The address in a message sent with `extra_tags="undo:/path/"`: a POST there takes back what was done."""
    return _own_path(message, "undo")


@register.filter
def correct_url(message: Any) -> str:
    """The same of `extra_tags="correct:/path/"`: there what was sent stands to be corrected."""
    return _own_path(message, "correct")


def _own_path(message: Any, wanted: str) -> str:
    """Only paths of our own."""
    kind, _colon, url = (message.extra_tags or "").partition(":")
    return url if kind == wanted and url.startswith("/") and not url.startswith("//") else ""


@register.filter
def words_of(text: str) -> list[str]:
    """`{% for kind in "a b c"|words_of %}`"""
    return text.split()


@register.filter
def own_page(referrer: str | None) -> str:
    """The path of the page somebody came from, or "/"; never another site."""
    path = urllib.parse.urlsplit(referrer or "").path
    return path if path.startswith("/") and not path.startswith("//") else "/"


@register.filter
def unlocalized(value: Any) -> str:
    """Digits for attributes that machines read: 1234.5, never 1,234.5."""
    amount = formats.decimal_of(value)
    return "" if amount is None else f"{formats.trimmed(amount):f}"


# --- Drawings and small parts ----------------------------------------------------------------------------

for drawn in (
    svg.ring,
    svg.bar,
    svg.duo,
    svg.spark,
    svg.wbar,
    svg.key,
    svg.wf_bar,
    svg.hbar,
    svg.hist,
    svg.sides,
    svg.twin,
    svg.wires,
    svg.hatches,
    parts.dots,
    parts.dots_ro,
    parts.rate,
    parts.avatar,
    parts.faces,
    parts.signature,
    parts.diff,
    parts.stat,
    formats.day_range,
    fields.field,
    fields.errors,
):
    register.simple_tag(drawn)


@register.simple_tag
def icon(name: str, cls: str = "", label: object = "", filled: bool = False) -> SafeString:
    """`{% icon "lock" "i-sm t-3" %}`; `label=` when the icon alone carries the meaning."""
    return icons.icon(name, cls, label, filled=filled)


@register.simple_tag
def chip(state: str = "", text: object = "", icon: str = "", cls: str = "") -> SafeString:
    """`{% chip "warn" %}`, `{% chip "accent" text "signature" %}`"""
    return parts.chip(state, text, icon, cls)


@register.simple_tag(name="once")
def once_token() -> SafeString:
    """`{% once %}` in a form: sent twice, it does once what it asks."""
    return once.token()


@register.simple_tag
def spot(icon: str, kind: str = "") -> SafeString:
    """`{% spot "signature" "accent" %}`"""
    return parts.spot(icon, kind)


@register.simple_tag
def mark(name: str) -> str:
    """Punctuation between two pieces of a line, as the language writes it."""
    return formats.mark(name)


@register.simple_tag
def logo(cls: str = "") -> SafeString:
    """The mark of the product."""
    return render_to_string("components/_logo.html", {"cls": cls})


@register.simple_tag
def script_words() -> SafeString:
    """The sentences that scripts say, in the language of the page."""
    return json_script({name: str(text) for name, text in words.SCRIPT_WORDS.items()}, "script-words")


# --- Blocks ----------------------------------------------------------------------------------------------


class EmptyState(Node):
    """`{% empty_state "target" title text %}actions{% endempty_state %}`"""

    def __init__(
        self, arguments: list[FilterExpression], named: dict[str, FilterExpression], nodes: NodeList
    ) -> None:
        self.arguments, self.named, self.nodes = arguments, named, nodes

    def render(self, context: Context) -> SafeString:
        given = [argument.resolve(context) for argument in self.arguments]
        values = {name: value.resolve(context) for name, value in self.named.items()}
        values.update(zip(("icon", "title", "text"), given, strict=False))
        return render_to_string(
            "components/_empty_state.html", {**values, "actions": self.nodes.render(context)}
        )


@register.tag
def empty_state(parser: Parser, token: Token) -> EmptyState:
    """What a card says while there is nothing: why, and the one thing to do next. `level=2` where the card has no
    heading of its own."""
    bits = token.split_contents()[1:]
    named = token_kwargs([bit for bit in bits if "=" in bit and bit[0] not in "\"'_"], parser)
    arguments = [parser.compile_filter(bit) for bit in bits if not ("=" in bit and bit[0] not in "\"'_")]
    nodes = parser.parse(("endempty_state",))
    parser.delete_first_token()
    return EmptyState(arguments, named, nodes)
