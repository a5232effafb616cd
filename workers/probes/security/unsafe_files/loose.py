# ruff: noqa: E501 - tables read best with an entry a line
"""Programs that lie about as files, macros in office documents, and settings that build objects when read.

A program runs by itself once somebody opens it; code and scripts are no part of a model either. Macros lie in
``vbaProject.bin`` of a document (ECMA-376), or in an older document as a stream called ``_VBA_PROJECT``. YAML
with a tag such as ``!!python/object/apply`` runs what it names in every loader that is not a safe one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from workers.probes.security.unsafe_files import tags, texts
from workers.probes.security.unsafe_files.look import EXECUTABLE, Look, Where

PROGRAMS: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "Linux program"), (b"MZ", "Windows program"), (b"\xcf\xfa\xed\xfe", "macOS program"),
    (b"\xce\xfa\xed\xfe", "macOS program"), (b"\xfe\xed\xfa\xce", "macOS program"), (b"\xfe\xed\xfa\xcf", "macOS program"),
    (b"\xca\xfe\xba\xbe", "macOS or Java program"), (b"\0asm", "WebAssembly program"), (b"dex\n03", "Android program"),
)  # fmt: skip
SHEBANG = re.compile(rb"(?:\xef\xbb\xbf)?#!\s*/\S")
NAMED = {
    **dict.fromkeys((".exe", ".dll", ".scr", ".com", ".msi", ".pif", ".cpl"), "Windows program"),
    **dict.fromkeys((".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".wsf", ".hta", ".reg", ".lnk"), "Windows script"),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".csh", ".ksh", ".command"), "script"),
    **dict.fromkeys((".jar", ".class", ".apk"), "Java program"),
    **dict.fromkeys((".deb", ".rpm", ".pkg", ".dmg", ".appimage", ".desktop", ".whl", ".egg"), "program to install"),
    **dict.fromkeys((".js", ".mjs", ".jse", ".rb", ".pl", ".php", ".lua"), "script"),
    **dict.fromkeys((".so", ".dylib", ".ko"), "program library"),
}  # fmt: skip
PYTHON = (".py", ".pyc", ".pyo", ".pyw", ".pyd", ".ipynb")
RECIPES = {
    **dict.fromkeys(("makefile", "gnumakefile", "justfile", "jenkinsfile"), "build script"),
    **dict.fromkeys(("dockerfile", "containerfile"), "container recipe"),
}
YAML = (".yaml", ".yml")
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
VBA = re.compile("_VBA_PROJECT".encode("utf-16-le") + b"|" + "Macros\0".encode("utf-16-le"))
MACROS = re.compile(
    r"(?:^|/)(?:vbaproject(?:signature)?\.bin|vbadata\.xml)$|(?:^|/)xl/macrosheets/|(?:^|/)Basic/.*\.xba$",
    re.IGNORECASE,
)
# Dynamic data exchange: a cell or field that starts another program for its value.
EXCHANGE = re.compile(
    rb"<(?:\w+:)?ddeLink\b|<w:instrText[^>]{0,200}>[^<]{0,200}\bDDE(?:AUTO)?\b|w:instr=\"\s*DDE(?:AUTO)?\b",
    re.IGNORECASE,
)
ITSELF = "itself: it is a program and no model"
BRINGS = "Python code that it brings along"


def program(look: Look, data: Any, head: bytes, where: Where) -> str | None:
    """What kind of program a file is, by its first bytes, or in what came as a model by its name."""
    found = next((name for magic, name in PROGRAMS if head.startswith(magic) and _is_one(data, head)), None)
    if found is None and SHEBANG.match(head):
        found = "script"
    if found is None and where.artefact:
        found = NAMED.get(_ending(where)) or RECIPES.get(PurePosixPath(where.name.lower()).name)
    if found is not None:
        look.hit(where, EXECUTABLE, found, ITSELF)
    return found


def _is_one(data: Any, head: bytes) -> bool:
    """Two letters may begin any file: a Windows program also says where its header is."""
    if not head.startswith(b"MZ"):
        return True
    place = int.from_bytes(bytes(data[60:64]), "little")
    return bytes(data[place : place + 4]) == b"PE\0\0"


def _ending(where: Where) -> str:
    return PurePosixPath(where.name.lower().replace("\\", "/")).suffix


def python(look: Look, where: Where) -> str | None:
    """Code beside a model. TorchScript's own lies under code/ and is never run by Python."""
    if _ending(where) not in PYTHON:
        return None
    if where.artefact and "code" not in where.name.split("/")[:-1]:
        look.hit(where, EXECUTABLE, "Python code", BRINGS if where.depth else ITSELF, known=not where.depth)
    return "Python code"


def macros(look: Look, names: Iterable[str], where: Where) -> None:
    """Macros of an office document, by the names of its parts."""
    for name in names:
        if MACROS.search(name):
            look.hit(where.into(name), EXECUTABLE, "office document", "macros (once somebody allows them)")
            return


def exchange(look: Look, data: Any, where: Where) -> None:
    """A part of an office document that asks for another program's answer."""
    if EXCHANGE.search(texts.utf8(data)):
        look.hit(where, EXECUTABLE, "office document", "a link that starts another program (DDE)")


def old_office(look: Look, data: Any, where: Where) -> str:
    """A document of the years before 2007, or the part of a newer one that holds its macros."""
    if VBA.search(bytes(data)):
        look.hit(where, EXECUTABLE, "office document", "macros (once somebody allows them)")
    return "office document"


def settings(look: Look, text: str, where: Where) -> bool:
    """Whether a text is YAML, and what a loader would build of it; a comment that speaks of a tag builds nothing."""
    what = "settings (YAML)"
    try:
        found = tags.built(text)
    except tags.TooMany:
        look.unread(where, what, "it has more tags than can be followed")
        return True
    for tag in found:
        look.hit(where, EXECUTABLE, what, f"an object that the tag {tag} builds")
    return bool(found) or _ending(where) in YAML
