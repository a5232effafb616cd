"""/healthz says that this process answers; /readyz asks every part that a run needs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from assessments import storage
from riskboard.celery import app

log = logging.getLogger(__name__)


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when all four answer, else 503; which one does not is named, and nothing more."""
    parts = {"database": database, "broker": broker, "storage": files, "workers": workers}
    found = {name: asked(part) for name, part in parts.items()}
    ok = all(found.values())
    words = {name: "ready" if good else "away" for name, good in found.items()}
    return JsonResponse({"status": "ready" if ok else "away", **words}, status=200 if ok else 503)


def asked(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except Exception as error:  # whatever a driver raises: the part does not answer
        log.warning("%s is away: %s", part.__name__, type(error).__name__)
        return False


def database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        connection.close()
        raise


def broker() -> bool:
    with app.connection_for_write(connect_timeout=2) as link:
        link.ensure_connection(max_retries=1, timeout=2)
        with link.channel() as channel:
            channel._size("cpu") if hasattr(channel, "_size") else None
    return True


def files() -> bool:
    return storage.writable()


def workers() -> bool:
    return bool(app.control.ping(timeout=1.0, limit=1))
