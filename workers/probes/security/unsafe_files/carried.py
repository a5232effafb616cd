"""Pickles that a text carries in Base64: Stable-Baselines3 keeps objects so in the JSON of its models.

``stable_baselines3.common.save_util.json_to_data`` gives what stands under ":serialized:" to
``cloudpickle.loads`` whenever a model is loaded, so each is followed like a pickle that lies open. Base64
under any other key may wait for a reader of its maker's; it counts if it is a pickle that runs something.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from workers.probes.security.unsafe_files.texts import objects, unescaped

KEY = ":serialized:"
KEYED = re.compile(rb'"%s"\s*:\s*"([^"]*)' % KEY.encode())
# What a pickle of protocol 2 to 5 (\x80\x02 to \x80\x05) begins with in Base64, to the end of its alphabet.
PICKLED = re.compile(rb"(?<![A-Za-z0-9+/])gA[I-X][A-Za-z0-9+/]{8,}={0,2}")
MOST = 1_000


class Unreadable(Exception):  # noqa: N818
    """A loader would read what cannot be followed here."""


def loaded(text: bytes) -> Iterator[bytes]:
    """The pickles of a JSON text that Stable-Baselines3 loads.

    Raises Unreadable where there are more than can be followed.
    """
    if KEY.encode() not in unescaped(text):
        return
    try:
        found = [one for each in objects(json.loads(text)) if isinstance(one := each.get(KEY), str)]
    except (ValueError, RecursionError):
        found = [one[1].decode("latin-1") for one in KEYED.finditer(text)]
    if len(found) > MOST:
        raise Unreadable
    for one in dict.fromkeys(found):
        try:
            raw = base64.b64decode(one.encode("utf-8", "replace"))  # passes over what is no Base64, as theirs
        except binascii.Error:
            continue  # their reader ends here as well
        if raw:
            yield raw


def buried(text: bytes) -> Iterator[bytes]:
    """What looks like a pickle in Base64 anywhere in a text."""
    for number, found in enumerate(PICKLED.finditer(text)):
        if number >= MOST:
            return
        raw = found[0].rstrip(b"=")
        yield base64.b64decode(raw[: len(raw) - (len(raw) % 4 == 1)] + b"==")
