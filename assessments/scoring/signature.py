"""The signature of a report: with it, nobody can change a value and compute all the rest anew unseen.

Ed25519 (RFC 8032) over a short head: the report's format and ``content`` (the SHA-256 of its canonical
JSON without ``content`` and ``signature``), the installation and the key. A key is named by the first 16
hex digits of the SHA-256 of its 32 bytes, an installation by its first key, whatever key it uses today.
The same content and key give the same signature, so signing adds no time and no chance to a report.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from assessments.scoring import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "Ed25519"
KEYS_FORMAT = "riskboard.keys/1"
OUTSIDE = ("content", "signature")  # of a report: what its content hash does not cover
HEAD = ("algorithm", "installation", "key", "public")
BYTES = 32  # of a public key, and of a private one's seed


class BadKey(ValueError):  # noqa: N818  # it names the key, not the reader
    """What was given as a public key is none, in one sentence."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    raw: bytes  # 32 bytes

    @property
    def id(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        return base64.b64encode(self.raw).decode("ascii")

    @property
    def pem(self) -> str:
        """As openssl and most libraries read it (SubjectPublicKeyInfo, RFC 8410)."""
        body = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + self.raw).decode("ascii")
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The public keys of one installation, the oldest first; the last one signs today."""

    keys: tuple[PublicKey, ...]

    @property
    def installation(self) -> str:
        return self.keys[0].id if self.keys else ""

    def find(self, key: str) -> PublicKey | None:
        return next((one for one in self.keys if one.id == key), None)

    def as_json(self) -> dict[str, Any]:
        """What an installation publishes."""
        return {
            "format": KEYS_FORMAT,
            "installation": self.installation,
            "keys": [
                {
                    "key": one.id,
                    "algorithm": ALGORITHM,
                    "public": one.text,
                    "pem": one.pem,
                    "signs": one == self.keys[-1],
                }
                for one in self.keys
            ],
            "verify": "python manage.py verify report.json --key riskboard-key.json",
        }


class State(Enum):
    NONE = "not signed"
    KNOWN = "signed with a known key"
    UNCOMPARED = "signed, and no key is at hand to compare with"
    UNKNOWN = "signed with an unknown key of this installation"
    OTHER = "signed by another installation"
    BROKEN = "the signature does not fit"


@dataclass(frozen=True, slots=True)
class Checked:
    state: State
    says: str  # sentences for people

    @property
    def broken(self) -> bool:
        return self.state is State.BROKEN


# -- signing ------------------------------------------------------------------------------------------
def sign(report: Mapping[str, Any], private: Ed25519PrivateKey, installation: str) -> dict[str, Any]:
    """The report with its content hash and a signature; whatever stood in their place is replaced."""
    bare = {key: value for key, value in report.items() if key not in OUTSIDE}
    content = canonical.digest(bare)
    key = PublicKey(private.public_key().public_bytes_raw())
    head = {"algorithm": ALGORITHM, "installation": installation, "key": key.id, "public": key.text}
    value = private.sign(_message(bare, content, head))
    made = {**head, "value": base64.b64encode(value).decode("ascii")}
    return {**bare, "content": content, "signature": made}


def _message(report: Mapping[str, Any], content: str, head: Mapping[str, Any]) -> bytes:
    said = {"format": report.get("format"), "content": content, **{name: head[name] for name in HEAD}}
    return canonical.dumps(said).encode("utf-8", "surrogatepass")


# -- checking -----------------------------------------------------------------------------------------
def check(report: Mapping[str, Any], known: Keyring | None = None, *, whole: bool = True) -> Checked:
    """Whether the report is as it was signed, and by whom.

    ``known`` are the keys that the reader trusts; without any, a sound signature is still told from a
    broken one. With ``whole=False`` the content hash is taken as it stands, which is quick, and enough to
    tell who signed it.
    """
    signature = report.get("signature")
    if signature is None:
        return Checked(State.NONE, "It is not signed: nobody vouches for who made it.")
    parts = _parts(signature)
    if parts is None:
        return Checked(State.BROKEN, "The signature is damaged: it has a field missing or of another kind.")
    public, value = parts
    if public.id != signature["key"]:
        return Checked(
            State.BROKEN, f"The signature was changed: its public key is not the key {signature['key']}."
        )
    stated = str(report.get("content"))
    found = _content(report) if whole else stated
    if not _fits(public, value, report, found, signature):
        return Checked(State.BROKEN, _why_not(public, value, report, stated, signature))
    return _who(signature, known)


def _content(report: Mapping[str, Any]) -> str:
    return canonical.digest({key: value for key, value in report.items() if key not in OUTSIDE})


def _parts(signature: Any) -> tuple[PublicKey, bytes] | None:
    """The public key and the value of a signature; None when it is none."""
    if not isinstance(signature, Mapping) or set(signature) != {*HEAD, "value"}:
        return None
    if not all(isinstance(one, str) for one in signature.values()) or signature["algorithm"] != ALGORITHM:
        return None
    try:
        raw, value = (base64.b64decode(signature[name], validate=True) for name in ("public", "value"))
    except (ValueError, binascii.Error):
        return None
    return (PublicKey(raw), value) if len(raw) == BYTES and len(value) == 2 * BYTES else None


def _fits(
    public: PublicKey, value: bytes, report: Mapping[str, Any], content: str, head: Mapping[str, Any]
) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public.raw).verify(value, _message(report, content, head))
    except (InvalidSignature, ValueError):
        return False
    return True


def _why_not(
    public: PublicKey, value: bytes, report: Mapping[str, Any], stated: str, signature: Mapping[str, Any]
) -> str:
    if _fits(public, value, report, stated, signature):
        return "The report was changed after it was signed: the signature is for another content."
    return (
        "The signature does not fit: it was changed itself, or the report was changed after it was signed "
        "and its hashes were computed anew."
    )


def _who(signature: Mapping[str, Any], known: Keyring | None) -> Checked:
    key, installation = signature["key"], signature["installation"]
    by = f"key {key} of installation {installation}"
    if known is None or not known.keys:
        return Checked(
            State.UNCOMPARED,
            f"Signed with {by}, and not changed since. Whose key that is was not checked: "
            "name the installation's public key with --key.",
        )
    if known.find(key):
        return Checked(State.KNOWN, f"Signed with {by}, and not changed since.")
    if installation in (known.installation, *(one.id for one in known.keys)):
        return Checked(
            State.UNKNOWN,
            f"Signed with {by}, but this key is unknown: it is not among the public keys of that "
            "installation that were compared. Fetch them again; if it is still missing, do not trust it.",
        )
    return Checked(
        State.OTHER,
        f"Signed by another installation: {by}. Expected was installation {known.installation}.",
    )


# -- keys as people hand them over ----------------------------------------------------------------------
def read_keys(text: str) -> Keyring:
    """Public keys from what an installation publishes, from a PEM block, from base64 or from hex digits.

    Raises BadKey with one sentence.
    """
    text = text.strip()
    if text.startswith("{"):
        return _published(text)
    if "BEGIN" in text:
        if "PRIVATE" in text:
            raise BadKey("This is a private key: a report is checked with the public one. Keep this secret.")
        inside = "".join(line for line in text.splitlines() if not line.startswith("-----"))
        return Keyring((_key(inside, spki=True),))
    return Keyring((_key(text),))


def _published(text: str) -> Keyring:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKey("The file of public keys is no JSON.") from None
    entries = found.get("keys")
    if found.get("format") != KEYS_FORMAT or not isinstance(entries, list) or not entries:
        raise BadKey(f'The file of public keys has no keys: its "format" should be "{KEYS_FORMAT}".')
    keys = tuple(_key(one.get("public") if isinstance(one, dict) else None) for one in entries)
    return Keyring(keys)


def _key(text: Any, *, spki: bool = False) -> PublicKey:
    wrong = BadKey(
        "This is no Ed25519 public key: name the file riskboard-key.json, a PEM file or its base64."
    )
    if not isinstance(text, str):
        raise wrong
    try:
        is_hex = len(text) == 2 * BYTES
        raw = bytes.fromhex(text) if is_hex else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise wrong from None
    if spki:
        raw = raw[-BYTES:] if raw[:-BYTES] == bytes.fromhex("302a300506032b6570032100") else b""
    if len(raw) != BYTES:
        raise wrong
    return PublicKey(raw)
