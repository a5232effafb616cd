"""Typed readers for environment variables; a bad one stops the start with one sentence."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any, NoReturn

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BROKERS = ("redis", "rediss", "redis+socket", "unix", "filesystem", "memory", "amqp", "amqps")


def stop(sentence: str) -> NoReturn:
    """Ends the process with one sentence on stderr and exit code 1: no trace, no half start."""
    raise SystemExit(f"RiskBoard cannot start: {sentence}")


def text(name: str, default: str) -> str:
    return _env.str(name, default=default).strip()


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "on" if default else "off").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off", ""):
        return False
    stop(f"{name} is {value!r}; write on or off.")


def number(name: str, default: float, *, low: float = 0, high: float = float("inf")) -> float:
    value = text(name, str(default))
    try:
        found = float(value)
    except ValueError:
        stop(f"{name} is {value!r}; write a number, like {default}.")
    if not low <= found <= high:
        stop(f"{name} is {value}; write a number from {low:g} to {high:g}.")
    return found


def whole(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    value = text(name, str(default))
    if not re.fullmatch(r"-?\d+", value) or not low <= int(value) <= high:
        stop(f"{name} is {value!r}; write a whole number from {low} to {high}.")
    return int(value)


def size(name: str, default: str) -> int:
    """Bytes, written as 500M or 2G (powers of ten)."""
    value = text(name, default)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", value.lower())
    if not found:
        stop(f"{name} is {value!r}; write a size, like {default} or 500M.")
    return int(float(found[1]) * _UNITS[found[2]])


def names(name: str, default: str = "") -> list[str]:
    """A list, separated by commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def folder(name: str, default: Path) -> Path:
    """A folder that this process can write to; made, private to its owner, when absent."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        stop(f"{name} is {path}, which cannot be made or opened as a folder ({error.strerror}).")
    return path


def database(name: str, default: str) -> dict[str, Any]:
    """Django's settings of ``sqlite:///PATH`` or ``postgres://USER:PASSWORD@HOST/NAME``."""
    try:
        found = dict(_env.db_url(name, default=default))
    except (ValueError, ImproperlyConfigured, KeyError):
        found = {}
    if found.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        stop(f"{name} is no address of a database; write postgres://USER:PASSWORD@HOST/NAME.")
    return found


def broker(name: str, default: str) -> str:
    value = text(name, default)
    if value.partition("://")[0] not in _BROKERS or "://" not in value:
        stop(f"{name} is no address of a broker; write redis://HOST:6379/0.")
    return value


def storage(name: str) -> str | None:
    """The bucket of ``s3://BUCKET``, or None for files under DATA_DIR."""
    value = text(name, "")
    if not value:
        return None
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?", value)
    if not found:
        stop(f"{name} is {value!r}; write s3://BUCKET, or leave it out to keep files under DATA_DIR.")
    return found[1]


def secret(name: str, file: Path) -> str:
    """The secret in the variable, else the one in ``file``, made at first start for its owner only."""
    value = text(name, "")
    if not value:
        value = _kept(file)
    if len(value) < 32 or len(set(value)) < 8 or value.startswith("django-insecure"):
        stop(f"{name} is too easy to guess; leave it out, or set at least 32 random characters.")
    return value


def seed(name: str) -> str:
    """The 32 bytes of an Ed25519 key in base64, or nothing."""
    value = text(name, "")
    if value and (_bytes(value) != 32 or len(set(value)) < 8):
        stop(f"{name} is no key; leave it out, or set 32 random bytes: openssl rand -base64 32.")
    return value


def public_keys(name: str) -> list[str]:
    """Public Ed25519 keys in base64, separated by commas."""
    found = names(name)
    if any(_bytes(value) != 32 for value in found):
        stop(f"{name} holds something that is no public key; write their base64, separated by commas.")
    return found


def _bytes(value: str) -> int:
    """How many bytes the base64 stands for; -1 when it is none."""
    try:
        return len(base64.b64decode(value, validate=True))
    except ValueError:
        return -1


def _kept(file: Path) -> str:
    import os
    import secrets

    made = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    if not file.exists():
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(64))
        try:
            os.link(made, file)  # of two processes that start at once, the first one's key stays
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return file.read_text().strip()
