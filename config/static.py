"""Static files: named by their content where they were collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Collected(CompressedManifestStaticFilesStorage):
    """The collected files; a page without its looks is better than no page.

    Pages of errors name static files too: they must not fail on that.
    """

    def stored_name(self, name: str) -> str:
        """Return the name of a file as it was collected, else as it is."""
        try:
            return super().stored_name(name)
        except ValueError:
            return name
