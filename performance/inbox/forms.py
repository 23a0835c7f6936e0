"""What the pages of the inbox take."""

import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from performance.inbox import channels, rules
from performance.inbox.models import AREAS_OF_WEBHOOKS, Area, Channel, MailRule
from performance.inbox.queries import OVERDUE_WITHIN
from performance.people import models as people_models
from performance.people.forms.fields import DayField


def _hours(first: Any) -> list[tuple[Any, Any]]:
    return [("", first), *((hour, f"{hour:02}:00") for hour in range(24))]


class MailRuleForm(forms.ModelForm):
    """Hours are full ones; empty quiet hours are none."""

    daily_hour = forms.TypedChoiceField(
        label=capfirst(_("hour of the daily e-mail")), coerce=int, choices=_hours("")[1:]
    )
    quiet_from = forms.TypedChoiceField(
        label=capfirst(_("quiet from")),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_hours(capfirst(_("no quiet hours"))),
    )
    quiet_until = forms.TypedChoiceField(
        label=capfirst(_("quiet until")),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_hours(capfirst(_("no quiet hours"))),
    )

    class Meta:
        model = MailRule
        fields = ("pace", "daily_hour", "quiet_from", "quiet_until", "wants_week")
        widgets = {"pace": forms.RadioSelect}


class _AddressField(forms.CharField):
    """An address that is a secret: browsers are asked not to remember it."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}
        super().__init__(max_length=1000, widget=forms.TextInput(attributes), **options)


class WebhookForm(forms.Form):
    """A system that is to be told."""

    name = forms.CharField(label=pgettext_lazy("endpoint", "Name"), max_length=80)
    address = _AddressField(label=_("Address"), help_text=_("It begins with https://."))
    areas = forms.MultipleChoiceField(
        label=_("Told of work items about"),
        choices=[(area.value, area.label) for area in AREAS_OF_WEBHOOKS],
        widget=forms.CheckboxSelectMultiple,
        initial=[Area.GOALS.value],
    )


class ChatForm(forms.Form):
    """A chat of one's own."""

    channel = forms.ChoiceField(
        label=_("Chat"), choices=[(kind, Channel(kind).label) for kind in channels.CHATS]
    )
    name = forms.CharField(
        label=pgettext_lazy("endpoint", "Name"), max_length=80, help_text=_("So that you know it again.")
    )
    address = _AddressField(
        label=_("Address of the bot"), help_text=_("The webhook address that the chat shows for its bot.")
    )
    secret = forms.CharField(
        label=_("Secret of the bot"),
        max_length=200,
        required=False,
        help_text=_("Feishu and DingTalk: when the bot checks signatures."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    tells_title = forms.TypedChoiceField(
        label=_("What it reads"),
        coerce=lambda value: value == "1",
        initial="0",
        choices=[
            ("0", _("Only that something waits, with its link")),
            ("1", _("The title and the due day too")),
        ],
        widget=forms.RadioSelect,
        help_text=_("Whoever is in the chat reads it, also of what you alone may see."),
    )


def _workdays(name: str) -> Any:
    least, most = OVERDUE_WITHIN[name]
    return lambda: [
        (number, ngettext("%(count)s workday", "%(count)s workdays", number) % {"count": number})
        for number in range(least, most + 1)
    ]


def _levels() -> list[tuple[int, Any]]:
    return [(0, _("Nobody")), (1, _("The manager")), (2, _("The manager, then theirs"))]


class OverdueRuleForm(forms.Form):
    """Workdays of the organisation's calendar."""

    due_days = forms.TypedChoiceField(
        label=_("Due after, where nothing else says when"), choices=_workdays("due_days"), coerce=int
    )
    grace_days = forms.TypedChoiceField(
        label=_("Grace after the due day, and between the levels"),
        choices=_workdays("grace_days"),
        coerce=int,
    )
    levels = forms.TypedChoiceField(
        label=_("Who hears of it when it stays undone"), choices=_levels, coerce=int
    )


class SnoozeForm(forms.Form):
    """Until when an item is put off. The action says which days there are; the browser's picker offers them."""

    until = DayField(label=_("Until another day"), error_messages={"required": _("Choose a day.")})

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, last = rules.days_to_snooze(today)
        self.fields["until"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}


class HandForm(forms.Form):
    """To whom: only whoever may do it by its own rules is there to choose."""

    to = forms.ModelChoiceField(
        label=_("To"),
        queryset=people_models.Person.objects.none(),
        empty_label=_("Choose a colleague"),
        error_messages={"invalid_choice": _("Choose somebody who may do this in your place.")},
    )

    def __init__(self, *args: Any, stand_ins: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = stand_ins  # type: ignore[attr-defined]
