"""Files by the hash of their content, and the prepared folders that probes read.

Everything lies under DATA_DIR: a file is written under a passing name, synced, and then renamed, so
a name that exists is whole. With STORAGE_URL set the bucket is the truth and DATA_DIR its cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

CHUNK = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")


class StorageFull(Exception):  # noqa: N818
    """There is too little room for another upload; what is stored stays readable."""


class TooLarge(Exception):  # noqa: N818
    """The upload has more bytes than one file may have here."""


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    bytes: int


def free() -> tuple[int, float]:
    """Bytes free, and their share of the disk."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return usage.free, usage.free / usage.total


def check_room(wanted: int = 0) -> None:
    """Raises StorageFull when taking ``wanted`` bytes more would leave too little for everything else."""
    left, share = free()
    share -= wanted * share / left if left else 0
    if left - wanted < settings.DISK_FREE_BYTES or share < settings.DISK_FREE_SHARE:
        raise StorageFull(
            f"There is too little room for this upload ({left / 1e9:.1f} GB free); "
            "free some disk space and upload it again. Nothing that is stored was touched."
        )


def _size(count: int) -> str:
    return f"{count / 1e9:g} GB" if count >= 1e9 else f"{count / 1e6:g} MB"


@contextmanager
def incoming(chunks: Iterable[bytes], limit: int) -> Iterator[tuple[Path, Stored]]:
    """The bytes on disk under a passing name, counted and hashed as they come; gone afterwards.

    Raises TooLarge as soon as the count passes ``limit``, whatever length the sender named.
    """
    check_room()
    path = settings.FILE_UPLOAD_TEMP_DIR / f"{secrets.token_hex(16)}.part"
    digest, count = hashlib.sha256(), 0
    try:
        with path.open("xb") as out:
            for chunk in chunks:
                count += len(chunk)
                if count > limit:
                    raise TooLarge(f"The file is larger than the {_size(limit)} that one may have here.")
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        yield path, Stored(digest.hexdigest(), count)
    finally:
        path.unlink(missing_ok=True)


def keep(path: Path, stored: Stored) -> None:
    """Moves a checked file to its place; the same content twice is one file."""
    place = _place(stored.sha256)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.BUCKET:
        with path.open("rb") as file:
            default_storage.save(_key(stored.sha256), File(file))
    os.link(path, temp := place.with_name(f"{place.name}.{secrets.token_hex(4)}"))
    temp.replace(place)
    _sync(place.parent)


def local(sha256: str) -> Path:
    """The file's path on this machine; from the bucket when it is not here yet."""
    place = _place(sha256)
    if not place.exists():
        if not settings.BUCKET:
            raise FileNotFoundError(f"The stored file {sha256[:12]} is gone; upload it again.")
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temp = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        with default_storage.open(_key(sha256), "rb") as source, temp.open("xb") as out:
            shutil.copyfileobj(source, out, CHUNK)
        temp.replace(place)
    return place


def _key(sha256: str) -> str:
    if not _HASH.fullmatch(sha256):
        raise ValueError("This is no SHA-256.")
    return f"objects/{sha256[:2]}/{sha256}"


def _place(sha256: str) -> Path:
    return settings.DATA_DIR / "files" / _key(sha256)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- prepared folders -----------------------------------------------------------------------------
def prepared(key: str) -> Path | None:
    """The folder that prepare made for this key, or None; from the bucket when it is not here yet."""
    place = _prepared(key)
    if not place.is_dir() and settings.BUCKET:
        _fetch(key)
    return place if (place / "manifest.json").is_file() else None


def keep_prepared(key: str, folder: Path) -> Path:
    """Moves a whole prepared folder to its place; of two that are made at once, the first one stays."""
    place = _prepared(key)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError("A prepared folder holds plain files only.")
    if settings.BUCKET:
        # The manifest goes last: without it the folder does not count as there.
        for path in sorted(folder.rglob("*"), key=lambda p: p.name == "manifest.json"):
            if path.is_file():
                with path.open("rb") as file:
                    default_storage.save(f"prepared/{key}/{path.relative_to(folder)}", File(file))
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        shutil.rmtree(folder, ignore_errors=True)
    return place


def _prepared(key: str) -> Path:
    if not _HASH.fullmatch(key):
        raise ValueError("This is no key of a prepared folder.")
    return settings.DATA_DIR / "prepared" / key


def _fetch(key: str) -> None:
    if not default_storage.exists(f"prepared/{key}/manifest.json"):
        return
    folder = scratch("fetch", secrets.token_hex(8))
    for name in default_storage.listdir(f"prepared/{key}")[1]:
        with (
            default_storage.open(f"prepared/{key}/{name}", "rb") as source,
            (folder / name).open("xb") as out,
        ):
            shutil.copyfileobj(source, out, CHUNK)
    place = _prepared(key)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        folder.rename(place)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


# -- scratch: what a job writes before anybody may see it -----------------------------------------
def scratch(name: str, token: str) -> Path:
    """An empty folder for one attempt; its name holds the token, so two attempts never meet."""
    folder = settings.DATA_DIR / "scratch" / f"{name}-{token}"
    folder.mkdir(mode=0o700, parents=True)
    return folder


def sweep(older_than: float = 3600.0, live: frozenset[str] = frozenset()) -> int:
    """Removes scratch folders and part files whose makers died; ``live`` names folders to leave."""
    removed = 0
    for parent in (settings.DATA_DIR / "scratch", settings.FILE_UPLOAD_TEMP_DIR):
        for path in parent.glob("*"):
            try:
                old = time.time() - path.stat().st_mtime > older_than
            except FileNotFoundError:
                continue
            if old and path.name not in live:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                removed += 1
    return removed


def writable() -> bool:
    """For /readyz: a file can be written, read and removed."""
    if settings.BUCKET:
        return default_storage.exists("ready") in (True, False)
    path = settings.FILE_UPLOAD_TEMP_DIR / f"ready-{secrets.token_hex(4)}"
    try:
        path.write_bytes(b"1")
        return path.read_bytes() == b"1"
    except OSError:
        return False
    finally:
        path.unlink(missing_ok=True)
