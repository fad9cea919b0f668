from django.apps import AppConfig


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = "Opening-Up Tracker"

    def ready(self) -> None:
        # The contract learns by this import how a key is sent.
        from tracker.api import contract  # noqa: F401
