"""Collects, packs and names static files for the web process; only when one of them has changed."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> bool:
    """True when there was something to do."""
    stamp = settings.STATIC_ROOT / ".stamp"
    now = _fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)
    return True


def _fingerprint() -> str:
    found = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            try:
                size, time = storage.size(name), storage.get_modified_time(name).timestamp()
            except OSError:
                continue
            found.update(f"{name}\0{size}\0{time}\n".encode())
    return found.hexdigest()
