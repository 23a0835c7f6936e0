"""Addresses of the pages."""

from django.urls import URLPattern, path

from performance.inbox import views

app_name = "inbox"

urlpatterns: list[URLPattern] = [
    path("", views.waiting, name="list"),
    path("mail/", views.mail, name="mail"),
    path("overdue/", views.overdue_rule, name="overdue_rule"),
    path("card/", views.card, name="card"),
    path("<uuid:item_id>/snooze/", views.snooze, name="snooze"),
    path("<uuid:item_id>/wake/", views.wake, name="wake"),
    path("<uuid:item_id>/read/", views.read, name="read"),
    path("<uuid:item_id>/hand/", views.hand, name="hand"),
    path("<uuid:item_id>/take-back/", views.take_back, name="take_back"),
]
