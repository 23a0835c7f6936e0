"""Sentences that scripts show; they are sent with the page so that no script holds text of its own."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SCRIPT_WORDS = {
    "undo": _("Undo"),
    "correct": _("Correct it"),
    "close": _("Close"),
    "cancel": _("Cancel"),
    "seconds": _("{count} s"),
    "offline": _("You are offline. Nothing is lost: what you typed is still here. Try again in a moment."),
    "failed": _("That did not work on our side. What you typed is still here. Try again in a moment."),
    "forbidden": _("You may not do this. Ask the owner, or HR, for access."),
    "gone": _("This is no longer here. Load the page again to see what is."),
    "busy": _("Too many requests. Wait a minute and try again."),
    "share_between": _("Share between {left} and {right}"),
    "share_values": _("{left}% and {right}%"),
    "share_clamped": _(
        "Between 0% and {most}%: more is not left by the shares that are kept. Set to {share}%."
    ),
    "sum_right": _("Adds up to 100%"),
    "sum_short": _("Adds up to {sum}%, add {rest}"),
    "sum_over": _("Adds up to {sum}%, remove {rest}"),
    "copied": _("Copied"),
    "uploading": _("Uploading"),
    "upload_part": _("{part} of {whole} MB, {percent}%"),
    "uploaded": _("All of it is there. It is read and kept."),
    "upload_stopped": _("Stopped. Nothing of the file was kept."),
    "too_large": _("This file is larger than the server in front of Accord lets through."),
    "move": _("Move {name}"),
    "picked": _("{name} picked up. Arrow keys move, Enter drops, Escape puts back."),
    "nothing_found": _("Nothing found for “{query}”."),
    "closed": pgettext_lazy("state", "Closed"),
    "provisional": _("Provisional"),
    "forecast": _("Forecast"),
    "target": _("Target"),
    "limit": _("limit"),
    "terms": _("Suggestions"),
    "terms_found": _("Suggestions: {number}. Arrow keys choose, Enter takes one, Escape closes."),
    "results_found": _("Results: {number}. Arrow keys choose, Enter opens, Escape closes."),
    "show_table": _("As table"),
    "hide_table": _("Hide table"),
}
