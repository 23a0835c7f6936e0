"""Endpoints under /api/v1/."""

from django.urls import URLPattern

urls: list[URLPattern] = []
