"""How the web server runs: read by gunicorn, both under `manage.py serve` and in a container."""

import os
import sys
from pathlib import Path

bind = f"{os.environ.get('WINNOW_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "config.wsgi:application"
# Threads share one process, so that a slow upload holds no other request up; SQLite has one writer at a time anyway.
worker_class = "gthread"
workers = int(os.environ.get("WINNOW_WEB_WORKERS") or min(4, max(2, os.cpu_count() or 2)))
threads = int(os.environ.get("WINNOW_WEB_THREADS") or 4)
# The application is read once and then forked: a new worker is there in milliseconds.
preload_app = True
keepalive = 75
timeout = 120
graceful_timeout = 10
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True
accesslog = None
loglevel = "warning"
forwarded_allow_ips = os.environ.get("WINNOW_PROXY_ADDRESSES", "127.0.0.1,::1")


def when_ready(server: object) -> None:
    """Import every view before the workers are forked: they share the memory, and nobody waits at the first request."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns


def post_fork(server: object, worker: object) -> None:
    """Let threads take turns more often: one that holds SQLite's write lock should not wait long for its turn."""
    sys.setswitchinterval(0.0005)
