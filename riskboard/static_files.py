"""Collects, packs and names static files for the web process; only when one of them has changed."""

from __future__ import annotations

import hashlib
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Parts of packages that no page of ours uses: the other API reader, debuggers' maps, DRF's own pages.
LEFT_OUT = ["*.map", "redoc", "rest_framework", "lucide"]
LARGE = 500_000  # bytes; above, the last percent of packing would take seconds


class Packer(Compressor):
    """Small files are packed as well as it goes, large ones nearly so and ten times faster."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return brotli.compress(data, quality=11 if len(data) < LARGE else 9)


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names only, for a year in every cache; comments that name left-out maps stay as they are."""

    patterns = (("*.css", tuple(CompressedManifestStaticFilesStorage.patterns[0][1])[:-1]),)
    keep_only_hashed_files = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Packer(**kwargs)


def collect() -> bool:
    """True when there was something to do."""
    stamp = settings.STATIC_ROOT / ".stamp"
    now = _fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=LEFT_OUT)
    stamp.write_text(now)
    return True


def _fingerprint() -> str:
    found = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list(LEFT_OUT):
            try:
                size, time = storage.size(name), storage.get_modified_time(name).timestamp()
            except OSError:
                continue
            found.update(f"{name}\0{size}\0{time}\n".encode())
    return found.hexdigest()
