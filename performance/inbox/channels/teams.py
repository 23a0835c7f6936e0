"""Microsoft Teams: the Workflows webhook "Post to a channel when a webhook request is received".

Sources: https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook (a
message with one Adaptive Card, at most 28 KB, at most four requests a second, 429 then), https://adaptivecards.io/explorer/
(RichTextBlock: text without Markdown), https://argo-cd.readthedocs.io/en/release-3.3/operator-manual/notifications/services/
teams-workflows/ (the hosts). A workflow answers 202; the older connectors answered 200 with the failure in the text.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

HOSTS = (
    ".logic.azure.com",
    ".api.powerplatform.com",
    "api.powerplatform.com",
    "api.powerautomate.com",
    "flow.microsoft.com",
    ".webhook.office.com",
)
FAILED_INSIDE = re.compile(rb"HTTP error (\d{3})")


def call(message: protocol.Message, *, address: str, secret: str, at: datetime) -> protocol.Call:
    # TextBlock would read Markdown out of what somebody typed as a title.
    body = [_text(message.title, weight="Bolder", size="Medium")]
    if message.note:
        body.append(_text(message.note))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": message.link_text, "url": message.link}],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    values = {"type": "message", "attachments": [attachment]}
    return protocol.Call(address, protocol.JSON, protocol.body_of(values))


def _text(words: str, **looks: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": words, **looks}]}


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    found = protocol.by_status(answer, at)
    inside = FAILED_INSIDE.search(answer.body)
    if isinstance(found, protocol.Delivered) and inside:
        return protocol.by_status(Answer(int(inside[1]), answer.headers, b""), at)
    return found


ROOM = protocol.Chat(hosts=HOSTS, spacing=1.0, has_secret=False, call=call, outcome=outcome)
