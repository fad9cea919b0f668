"""How a page reads its address and answers: shared by all public pages."""

from tracker.views import _asked as asked
from tracker.views import _page as page

__all__ = ["asked", "page"]
