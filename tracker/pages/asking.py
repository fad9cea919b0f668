"""How a page reads its address and answers: shared by all public pages."""

from tracker.views import _asked as asked
from tracker.views import _page as page
from tracker.views import _plan_span as plan_span

__all__ = ["asked", "page", "plan_span"]
