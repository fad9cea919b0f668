import pytest

from commitments import readable

from . import web as played_web


@pytest.fixture
def web(settings, monkeypatch):
    """The played web; documents are read in this process, for speed."""
    settings.HOST_PAUSE = 0
    monkeypatch.setattr(
        readable.Reader,
        "_ask",
        lambda self, body, job="read": readable.told(body, job=job),
    )
    with played_web.played() as web:
        yield web
