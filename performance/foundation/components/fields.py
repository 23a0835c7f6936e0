"""Form fields with label, control, help and error tied together for everybody, screen readers included."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from performance.foundation.components import formats

# The browser's own pickers, which need ISO values; people read the format of their own system.
PICKERS: tuple[tuple[type[forms.Widget], str, str], ...] = (
    (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M"),
    (forms.DateInput, "date", "%Y-%m-%d"),
    (forms.TimeInput, "time", "%H:%M"),
)


def field_kind(widget: forms.Widget) -> str:
    """Which of the drawn forms a widget takes: hidden, check, choices, checks, select, file or control."""
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checks"
    if isinstance(widget, forms.RadioSelect):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.Select):
        return "select"
    return "control"


def _class_of(kind: str, widget: forms.Widget, extra: str, *, wrong: bool) -> str:
    own = {"select": "form-select", "check": "form-check-input"}.get(kind, "form-control")
    if isinstance(widget, forms.Textarea):
        own += " grows"
    parts = (own, widget.attrs.get("class", ""), extra, "is-invalid" if wrong else "")
    return " ".join(part for part in parts if part)


def _as_control(bound: BoundField, kind: str, attrs: dict[str, Any]) -> SafeString:
    widget: Any = bound.field.widget
    picker = next((row for row in PICKERS if issubclass(type(widget), row[0])), None)
    if picker is not None and widget.input_type in ("text", picker[1]):
        _kind, widget.input_type, widget.format = picker
    if isinstance(bound.field, forms.DecimalField):
        attrs.setdefault("inputmode", "decimal")
    if isinstance(bound.initial, Decimal):
        # 2.90000000 as stored is 2.9 as typed.
        bound.initial = formats.trimmed(bound.initial)
    return bound.as_widget(attrs=attrs)


def _consequences(bound: BoundField, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (
        given
        or getattr(bound.field, "choice_help", None)
        or getattr(bound.field.widget, "choice_help", None)
        or {}
    )


def _options(bound: BoundField, consequences: Mapping[str, Any]) -> list[dict[str, Any]]:
    options = []
    for option in bound.subwidgets:
        data = option.data
        value = str(data["value"])
        if value == "" and bound.field.required:
            continue
        options.append(
            {**data, "value": value, "help": consequences.get(value, ""), "id": data["attrs"].get("id", "")}
        )
    return options


def field(bound: BoundField, **options: Any) -> SafeString:
    """One field of a form.

    Options: `label`, `help`, `cls` (on the control), `wrap` (class of the block), `prefix`, `suffix` (texts of an
    input group), `hide_label`, `choice_help` ({value: consequence}), `small`, `described_by` (ids of texts about the
    control that stand elsewhere); any other option becomes an attribute
    of the control, with underscores as hyphens (`hx_post` → `hx-post`).
    """
    widget = bound.field.widget
    kind = field_kind(widget)
    if kind == "hidden":
        return bound.as_widget()
    shown = {"label", "help", "cls", "wrap", "prefix", "suffix", "hide_label", "choice_help", "small"}
    taken = shown | {"described_by"}
    identifier = bound.auto_id or f"id_{bound.html_name}"
    help_text = options.get("help", bound.help_text)
    wrong = bool(bound.errors)
    described = [f"{identifier}_helptext"] if help_text else []
    described += [f"{identifier}_error"] if wrong else []
    described += str(options.get("described_by", "")).split()
    attrs: dict[str, Any] = {
        name.replace("_", "-"): value
        for name, value in options.items()
        if name not in taken and value is not None
    }
    attrs["id"] = identifier
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if wrong:
        attrs["aria-invalid"] = "true"
    if kind not in ("choices", "checks"):
        attrs["class"] = _class_of(kind, widget, str(options.get("cls", "")), wrong=wrong)
    context = {
        "field": bound,
        "kind": kind,
        "identifier": identifier,
        "label": options.get("label", bound.label),
        "help": help_text,
        "prefix": options.get("prefix", ""),
        "suffix": options.get("suffix", ""),
        "wrap": options.get("wrap", ""),
        "hide_label": options.get("hide_label", False),
        "small": options.get("small", False),
        "required": bound.field.required and kind != "check",
        "errors": bound.errors,
        "described": " ".join(described),
        "options": _options(bound, _consequences(bound, options.get("choice_help")))
        if kind in ("choices", "checks")
        else (),
        "control": "" if kind in ("choices", "checks") else _as_control(bound, kind, attrs),
    }
    return render_to_string("components/_field.html", context)


def _forms_of(form: Any) -> list[Any]:
    return list(form.forms) if isinstance(form, forms.BaseFormSet) else [form]


def errors(form: Any, *, focus: bool = True) -> SafeString | str:
    """The summary above a form or formset: what is wrong, with a link to each field. Empty when nothing is.

    It takes the focus when the page or fragment arrives, unless `focus` is off.
    """
    general: list[Any] = list(form.non_form_errors()) if isinstance(form, forms.BaseFormSet) else []
    fields: list[dict[str, Any]] = []
    for part in _forms_of(form):
        if not part.is_bound:
            continue
        general += part.non_field_errors()
        for bound in part:
            if not bound.errors:
                continue
            if bound.is_hidden:
                general += bound.errors
            else:
                fields.append({"id": bound.auto_id or f"id_{bound.html_name}", "label": bound.label})
    if not general and not fields:
        return ""
    count = len(fields)
    words = (
        ngettext("One field needs another look.", "%(count)s fields need another look.", count)
        % {"count": count}
        if fields
        else ""
    )
    return render_to_string(
        "components/_errors.html", {"general": general, "fields": fields, "words": words, "focus": focus}
    )
