"""A report with a signature, and keys to make others with: always the same, so that tests are steady."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assessments.scoring import signature
from assessments.scoring.signature import Keyring, PublicKey


def private(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number, *range(31)]))


def public(number: int) -> PublicKey:
    return PublicKey(private(number).public_key().public_bytes_raw())


def ring(*numbers: int) -> Keyring:
    """An installation that had these keys, the oldest first."""
    return Keyring(tuple(public(number) for number in numbers))


def signed(report: dict[str, Any], number: int = 1, installation: int = 1) -> dict[str, Any]:
    return signature.sign(report, private(number), public(installation).id)
