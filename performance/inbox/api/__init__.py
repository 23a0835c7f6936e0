"""Endpoints under /api/v1/."""

from django.urls import path

from performance.inbox.api import chats, items, webhooks

urls = [
    path("inbox/mail/", items.Mail.as_view(), name="api_inbox_mail"),
    path("inbox/overdue/", items.Overdue.as_view(), name="api_inbox_overdue"),
    path("inbox/", items.Items.as_view(), name="api_inbox"),
    path("inbox/chats/", chats.Chats.as_view(), name="api_inbox_chats"),
    path("inbox/chats/<uuid:chat_id>/", chats.OneChat.as_view(), name="api_inbox_chat"),
    path("inbox/chats/<uuid:chat_id>/test/", chats.TestChat.as_view(), name="api_inbox_chat_test"),
    path("inbox/webhooks/", webhooks.Webhooks.as_view(), name="api_inbox_webhooks"),
    path("inbox/webhooks/<uuid:webhook_id>/", webhooks.OneWebhook.as_view(), name="api_inbox_webhook"),
    path(
        "inbox/webhooks/<uuid:webhook_id>/secret/", webhooks.Secret.as_view(), name="api_inbox_webhook_secret"
    ),
    path(
        "inbox/webhooks/<uuid:webhook_id>/test/",
        webhooks.TestWebhook.as_view(),
        name="api_inbox_webhook_test",
    ),
    path(
        "inbox/webhooks/<uuid:webhook_id>/deliveries/",
        webhooks.Deliveries.as_view(),
        name="api_inbox_webhook_deliveries",
    ),
    path(
        "inbox/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/again/",
        webhooks.Again.as_view(),
        name="api_inbox_webhook_again",
    ),
    path("inbox/<uuid:item_id>/snooze/", items.Snooze.as_view(), name="api_inbox_snooze"),
    path("inbox/<uuid:item_id>/wake/", items.Wake.as_view(), name="api_inbox_wake"),
    path("inbox/<uuid:item_id>/read/", items.Read.as_view(), name="api_inbox_read"),
    path("inbox/<uuid:item_id>/hand/", items.Hand.as_view(), name="api_inbox_hand"),
    path("inbox/<uuid:item_id>/take-back/", items.TakeBack.as_view(), name="api_inbox_take_back"),
]
