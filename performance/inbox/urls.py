"""Addresses of the pages."""

from django.urls import URLPattern, path

from performance.inbox import views

app_name = "inbox"

urlpatterns: list[URLPattern] = [
    path("", views.waiting, name="list"),
    path("mail/", views.mail, name="mail"),
    path("chats/", views.add_chat, name="add_chat"),
    path("chats/<uuid:chat_id>/test/", views.test_chat, name="test_chat"),
    path("chats/<uuid:chat_id>/state/", views.chat_state, name="chat_state"),
    path("chats/<uuid:chat_id>/title/", views.set_title, name="set_title"),
    path("chats/<uuid:chat_id>/pause/", views.pause_chat, name="pause_chat"),
    path("chats/<uuid:chat_id>/resume/", views.resume_chat, name="resume_chat"),
    path("chats/<uuid:chat_id>/remove/", views.remove_chat, name="remove_chat"),
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<uuid:webhook_id>/", views.webhook, name="webhook"),
    path("webhooks/<uuid:webhook_id>/secret/", views.rotate_secret, name="rotate_secret"),
    path("webhooks/<uuid:webhook_id>/test/", views.test_webhook, name="test_webhook"),
    path("webhooks/<uuid:webhook_id>/state/", views.webhook_state, name="webhook_state"),
    path("webhooks/<uuid:webhook_id>/pause/", views.pause_webhook, name="pause_webhook"),
    path("webhooks/<uuid:webhook_id>/resume/", views.resume_webhook, name="resume_webhook"),
    path("webhooks/<uuid:webhook_id>/remove/", views.remove_webhook, name="remove_webhook"),
    path(
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/again/", views.send_again, name="send_again"
    ),
    path("overdue/", views.overdue_rule, name="overdue_rule"),
    path("card/", views.card, name="card"),
    path("<uuid:item_id>/snooze/", views.snooze, name="snooze"),
    path("<uuid:item_id>/wake/", views.wake, name="wake"),
    path("<uuid:item_id>/read/", views.read, name="read"),
    path("<uuid:item_id>/hand/", views.hand, name="hand"),
    path("<uuid:item_id>/take-back/", views.take_back, name="take_back"),
]
