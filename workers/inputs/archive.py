"""A zip of pictures or sounds: which entry is which row, in which part, with which labels.

Entries are opened here and nowhere else, inside the sandbox, and read with a byte budget of their own:
what a header says about a size is no promise.
"""

from __future__ import annotations

import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workers.inputs import sniff
from workers.inputs.base import SPLIT_WORDS, Loaded, Source, Unusable, column_names, fault
from workers.inputs.dialect import dialect_of
from workers.inputs.lines import Seen, lines, records

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
SOUNDS = (".wav", ".wave")
OTHER_SOUNDS = (".mp3", ".flac", ".ogg", ".m4a", ".aac", ".opus", ".wma", ".aiff")
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
FILE_COLUMNS = ("file", "file_name", "filename", "path", "image", "audio", "wav", "clip")
MAX_BYTES = 256 * 1024**2  # of one picture, sound or label file
MAX_TABLE = 4 * 1024**3  # of one table inside a zip


@dataclass
class Member:
    """One picture or sound of the archive."""

    info: zipfile.ZipInfo
    split: str | None = None
    folder: str | None = None  # its class, when folders are classes
    labels: list[str | None] = field(default_factory=list)


@dataclass
class Contents:
    """What an archive holds, as rows to be."""

    kind: str  # "images", "audio" or "tables"
    members: list[Member]
    label_names: list[str] = field(default_factory=list)


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: int = MAX_BYTES) -> bytes:
    """The bytes of one entry, at most ``budget`` of them."""
    with archive.open(info) as stream:
        data = stream.read(budget + 1)
    if len(data) > budget:
        raise zipfile.BadZipFile(f"it unpacks to more than {budget >> 20} MB")
    return data


BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


def contents(archive: zipfile.ZipFile, source: Source, scratch: Path, loaded: Loaded) -> Contents:
    """The rows of the archive with their parts and labels; ``Unusable`` when it holds no data."""
    files = [i for i in archive.infolist() if not i.is_dir() and not _hidden(i.filename)]
    by_kind = {
        "images": [i for i in files if i.filename.lower().endswith(PICTURES)],
        "audio": [i for i in files if i.filename.lower().endswith(SOUNDS)],
        "tables": [i for i in files if i.filename.lower().endswith(TABLES)],
    }
    kind = max(("images", "audio"), key=lambda k: len(by_kind[k]))
    if not by_kind[kind]:
        others = sum(1 for i in files if i.filename.lower().endswith(OTHER_SOUNDS))
        if others:
            raise Unusable(f"{source.name} holds {others:,} sounds in a packed format; save them as WAV.")
        if by_kind["tables"]:
            return Contents("tables", [Member(i) for i in by_kind["tables"]])
        raise Unusable(
            f"{source.name} holds no picture (PNG, JPEG, WEBP, GIF, BMP, TIFF), no WAV sound and no table."
        )
    left = len(files) - len(by_kind[kind]) - len(by_kind["tables"])
    if left:
        loaded.notes.append(f"{left:,} other files in {source.name} were not read.")
    found = Contents(kind, [Member(i) for i in by_kind[kind]])
    _place(found)
    _label(found, archive, by_kind["tables"], source, scratch, loaded)
    return found


def _hidden(name: str) -> bool:
    """What file managers leave behind: __MACOSX, .DS_Store, Thumbs.db."""
    parts = PurePosixPath(name).parts
    return any(p.startswith(".") or p == "__MACOSX" for p in parts) or parts[-1].lower() == "thumbs.db"


def _place(found: Contents) -> None:
    """Reads parts and classes off the folders; a folder around everything says nothing."""
    folders = [list(PurePosixPath(m.info.filename).parts[:-1]) for m in found.members]
    while all(folders) and len({f[0] for f in folders}) == 1 and folders[0][0].casefold() not in SPLIT_WORDS:
        folders = [f[1:] for f in folders]
    parts = [SPLIT_WORDS.get(f[0].casefold()) if f else None for f in folders]
    if all(parts) and len(set(parts)) > 1 and "train" in parts:
        folders = [f[1:] for f in folders]
        for member, part in zip(found.members, parts, strict=True):
            member.split = part
        # train/images/x.png beside train/labels.csv: the inner folder is the same everywhere.
        while all(folders) and len({f[0] for f in folders}) == 1:
            folders = [f[1:] for f in folders]
    names = ["/".join(f) for f in folders]
    if len(set(names)) > 1:
        for member, name in zip(found.members, names, strict=True):
            member.folder = name or None


def _label(
    found: Contents,
    archive: zipfile.ZipFile,
    tables: list[zipfile.ZipInfo],
    source: Source,
    scratch: Path,
    loaded: Loaded,
) -> None:
    """Joins labels.csv or manifest.csv to the files; folders are classes beside it or without it."""
    unclaimed: list[str] = []
    index = _Index(found.members)
    names: list[str] = []
    for info in sorted(tables, key=lambda i: (i.filename.count("/"), i.filename)):
        header, rows = _label_table(archive, info, source, scratch)
        column = next((i for i, n in enumerate(header) if n.casefold() in FILE_COLUMNS), None)
        if column is None:
            loaded.notes.append(f"{info.filename} was not read: it has no column called file.")
            continue
        others = [i for i in range(len(header)) if i != column]
        for i in others:
            if header[i] not in names:
                names.append(header[i])
        if PurePosixPath(info.filename).stem.casefold() == "labels":
            loaded.offered_is_rule = True
        for row in rows:
            member = index.find(row[column], PurePosixPath(info.filename).parent)
            if member is None:
                unclaimed.append(row[column])
                continue
            member.labels += [None] * (len(names) - len(member.labels))
            for i in others:
                member.labels[names.index(header[i])] = row[i]
    if names:
        for member in found.members:
            member.labels += [None] * (len(names) - len(member.labels))
        found.label_names, notes = column_names(names)
        loaded.notes += notes
        loaded.offered = list(found.label_names)
        bare = sum(1 for m in found.members if all(v is None for v in m.labels))
        if bare:
            loaded.notes.append(f"{bare:,} files have no line in the label file; they carry no label.")
    if unclaimed:
        told = f"The label file names {len(unclaimed):,} files that are not in the zip."
        loaded.faults.append(fault("broken_files", "medium", told, files=unclaimed, missing=True))


def _label_table(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Source, scratch: Path
) -> tuple[list[str], Iterator[list[str]]]:
    path = scratch / "labels.csv"
    try:
        path.write_bytes(read(archive, info))
    except BROKEN as error:
        raise Unusable(f"{source.name}: {info.filename} could not be unpacked ({error}).") from error
    table = sniff.source(path, f"{source.name}: {info.filename}")
    if table.kind != "csv":
        return [], iter(())
    dialect = dialect_of(table)
    return [n.strip() for n in dialect.names], iter(list(records(lines(table), dialect, Seen())))


class _Index:
    """Finds a file by what a label file calls it: its path, its name, or its name without ending."""

    def __init__(self, members: list[Member]) -> None:
        self.by_path = {_folded(m.info.filename): m for m in members}
        names = Counter(PurePosixPath(p).name for p in self.by_path)
        stems = Counter(PurePosixPath(p).stem for p in self.by_path)
        self.by_name = {
            PurePosixPath(p).name: m for p, m in self.by_path.items() if names[PurePosixPath(p).name] == 1
        }
        self.by_stem = {
            PurePosixPath(p).stem: m for p, m in self.by_path.items() if stems[PurePosixPath(p).stem] == 1
        }

    def find(self, name: str, folder: PurePosixPath) -> Member | None:
        path = _folded(name.strip().replace("\\", "/").removeprefix("./"))
        beside = _folded(str(folder / path))
        last = PurePosixPath(path).name
        return (
            self.by_path.get(path)
            or self.by_path.get(beside)
            or self.by_name.get(last)
            or self.by_stem.get(PurePosixPath(path).stem)
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def unpack_tables(archive: zipfile.ZipFile, found: Contents, source: Source, scratch: Path) -> list[Source]:
    """Tables in a zip, each under a name of ours in the scratch folder, read as if uploaded by themselves."""
    sources = []
    for number, member in enumerate(found.members):
        path = scratch / f"table{number}"
        total = 0
        try:
            with archive.open(member.info) as packed, path.open("wb") as plain:
                while block := packed.read(sniff.BLOCK):
                    total += len(block)
                    if total > MAX_TABLE:
                        raise zipfile.BadZipFile(f"it unpacks to more than {MAX_TABLE >> 30} GB")
                    plain.write(block)
        except BROKEN as error:
            raise Unusable(
                f"{source.name}: {member.info.filename} could not be unpacked ({error}); pack it again."
            ) from error
        sources.append(sniff.source(path, member.info.filename))
    return sources
