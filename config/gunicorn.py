"""The web server's settings; its flags on the command line win.

A second address, TRACKER_METRICS, tells figures and nothing else.
"""

import os

from gunicorn.config import Config
from gunicorn.glogging import Logger

from config import logs, metrics

FORM = "plain" if os.environ.get("TRACKER_LOG_FORMAT") == "plain" else "json"


class logger_class(Logger):
    """Tells of the server itself in lines like those of the site."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter(FORM))


_metrics = metrics.address()
_bind = os.environ.get("TRACKER_BIND") or "127.0.0.1:8000"
bind = [_bind] + ([os.environ["TRACKER_METRICS"]] if _metrics else [])
# Threads, of which a slow client takes none.
worker_class = "config.arrivals.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# A request is done, or refused, well within it.
timeout = 60
graceful_timeout = 30
# Bytes of a line and of one header, and how many headers: more is refused with 4xx.
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 8190
control_socket_disable = True
# A neighbour, which may be a proxy that passes on all that its clients send, would say
# under which path the site lies: past the second factor, and into links that are kept.
forwarder_headers = ""
