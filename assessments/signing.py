"""The installation's own signing keys: made once, kept as files beside the database and never in it.

``var/signing/0001.pem`` is the first key, private to its owner. A rotation makes the next number and
leaves ``0001.pub`` of the one before, so that what it signed can be checked for ever. Machines that share
no folder get one key through RISKBOARD_SIGNING_KEY (32 bytes in base64), and the public keys it had
before through RISKBOARD_OLD_SIGNING_KEYS, the oldest first.
"""

from __future__ import annotations

import base64
import fcntl
import logging
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from assessments.scoring import signature
from assessments.scoring.signature import Keyring, PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

log = logging.getLogger(__name__)


class NotRotated(RuntimeError):  # noqa: N818
    """Why no new key was made, in one sentence."""


def signed(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report with this installation's signature.

    Where no key can be read or made, the report is worth more than its signature: it stays unsigned.
    """
    try:
        private = _current()
    except (OSError, ValueError):
        log.exception("a report could not be signed")
        return dict(report)
    return signature.sign(report, private, keyring().installation)


def excerpt(whole: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    """What a link shows of a report, signed as it stands, if the whole one is signed by us and unchanged.

    Without that check, whoever can write to the database could have a forged report signed.
    """
    if "excerpt" not in shown:
        return dict(shown)
    try:
        ours = whole is not None and signature.check(whole, keyring()).state is signature.State.KNOWN
    except (OSError, ValueError):
        log.exception("the signing keys cannot be read")
        ours = False
    if not ours:
        return {key: value for key, value in shown.items() if key != "excerpt"}
    return signed(shown)


def told(document: Mapping[str, Any]) -> dict[str, str]:
    """What a page says of the report's signature: ``is`` and the ``key``.

    ``is`` is "signed", "excerpt", "unsigned", "other", "broken" or "unsure" (our own keys cannot be read).
    The content is not hashed again, so it is quick enough for every page.
    """
    if "excerpt" in document:
        return {"is": "excerpt"}
    try:
        ring = keyring()
    except (OSError, ValueError):
        log.exception("the signing keys cannot be read")
        ring = None
    found = signature.check(document, ring, whole=False)
    if found.state is signature.State.NONE:
        return {"is": "unsigned"}
    if found.broken:
        return {"is": "broken"}
    known = found.state is signature.State.KNOWN
    state = "signed" if known else "unsure" if ring is None else "other"
    return {"is": state, "key": document["signature"]["key"]}


def keyring() -> Keyring:
    """This installation's public keys, the oldest first; nothing is made."""
    given = tuple(signature.read_keys(one).keys[0] for one in settings.OLD_SIGNING_KEYS)
    keys = [*given, *_filed(Path(settings.SIGNING_FOLDER))]
    if settings.SIGNING_KEY:
        keys.append(_public(settings.SIGNING_KEY))
    return Keyring(tuple(dict.fromkeys(keys)))


def published() -> Keyring:
    """The same, with a first key made where there is none yet."""
    _current()
    return keyring()


def rotate() -> Keyring:
    """A new key signs from now on; the public part of the one before stays."""
    if settings.SIGNING_KEY:
        raise NotRotated(
            "The key comes from RISKBOARD_SIGNING_KEY: put its public key into RISKBOARD_OLD_SIGNING_KEYS, "
            "then set a new one."
        )
    _current()
    folder = Path(settings.SIGNING_FOLDER)
    with (folder / ".rotation").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotRotated("Another process is making a new key; nothing was changed.") from None
        last = max(folder.glob("[0-9]*.pem"))
        public = PublicKey(_loaded(last.read_bytes()).public_key().public_bytes_raw())
        _place(folder, last.with_suffix(".pub"), public.pem.encode("ascii"), 0o644)
        _place(folder, folder / f"{int(last.stem) + 1:04d}.pem", _new(), 0o600)
        last.unlink()
    return keyring()


# -- files --------------------------------------------------------------------------------------------
def _current() -> Ed25519PrivateKey:
    if settings.SIGNING_KEY:
        return _private(settings.SIGNING_KEY)
    folder = Path(settings.SIGNING_FOLDER)
    while True:
        found = sorted(folder.glob("[0-9]*.pem"))
        if not found:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            past = [int(path.stem) for path in folder.glob("[0-9]*.pub")]
            _place(folder, folder / f"{max(past, default=0) + 1:04d}.pem", _new(), 0o600)
            continue
        try:
            return _loaded(found[-1].read_bytes())
        except FileNotFoundError:  # rotated in between
            continue


def _filed(folder: Path) -> list[PublicKey]:
    """The public keys of all numbers, in their order."""
    while True:
        names = sorted({path.stem for path in folder.glob("[0-9]*.p*") if path.suffix in (".pem", ".pub")})
        try:
            return [_public_of(folder / name) for name in names]
        except FileNotFoundError:  # rotated in between: the next look sees the .pub
            continue


def _public_of(path: Path) -> PublicKey:
    kept = path.with_suffix(".pub")
    if kept.exists():
        return signature.read_keys(kept.read_text("ascii")).keys[0]
    private = _loaded(path.with_suffix(".pem").read_bytes())
    return PublicKey(private.public_key().public_bytes_raw())


def _place(folder: Path, path: Path, content: bytes, mode: int) -> bool:
    """Writes the file whole or not at all; of several who try at once the first one's stays."""
    made = folder / f".{path.name}.{secrets.token_hex(4)}"
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(made, path)
    except FileExistsError:
        return False
    finally:
        made.unlink(missing_ok=True)
    return True


def _new() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _loaded(pem: bytes) -> Ed25519PrivateKey:
    """Raises ValueError for what is no Ed25519 key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = load_pem_private_key(pem, password=None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError("The signing key is no Ed25519 key.")
    return found


@lru_cache(maxsize=4)
def _private(seed: str) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True))


def _public(seed: str) -> PublicKey:
    return PublicKey(_private(seed).public_key().public_bytes_raw())
