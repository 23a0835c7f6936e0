"""Addresses of the pages."""

from django.urls import path

from feedback import views

app_name = "feedback"

urlpatterns = [
    path("", views.home, name="home"),
    path("received/", views.received, name="received"),
    path("given/", views.given, name="given"),
    path("write/", views.write, name="write"),
    path("notes/<uuid:note_id>/", views.note, name="note"),
    path("notes/<uuid:note_id>/retract/", views.retract, name="retract"),
    path("objectives/<uuid:objective_id>/", views.objective_notes, name="objective_notes"),
    path("recognition/", views.recognition, name="recognition"),
    path("pulse/", views.pulse, name="pulse"),
]
