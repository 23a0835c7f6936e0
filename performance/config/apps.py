from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: the one place that knows all apps. Home of the commands that need them together."""

    name = "performance.config"
    label = "config"
