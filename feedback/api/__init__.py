"""Endpoints under /api/v1/."""

from django.urls import path

from feedback.api.notes import Notes, OneNote
from feedback.api.pulses import Pulses

urls = [
    path("notes/", Notes.as_view(), name="api_notes"),
    path("notes/<uuid:note_id>/", OneNote.as_view(), name="api_note"),
    path("pulses/", Pulses.as_view(), name="api_pulses"),
]
