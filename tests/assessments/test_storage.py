"""A stored file is whole or not there, one content is one file, and a full disk takes nothing."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from assessments import storage


@pytest.fixture
def place(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def stored(*chunks: bytes, limit: int = 1000) -> storage.Stored:
    with storage.incoming(chunks, limit) as (path, found):
        storage.keep(path, found)
    return found


def test_a_file_is_found_by_the_hash_of_its_content(place):
    found = stored(b"one ", b"two")
    assert found == storage.Stored(hashlib.sha256(b"one two").hexdigest(), 7)
    assert storage.local(found.sha256).read_bytes() == b"one two"
    stored(b"one two")
    assert len([path for path in (place / "files").rglob("*") if path.is_file()]) == 1
    assert list((place / "incoming").iterdir()) == []


def test_the_byte_cap_runs_along_and_nothing_is_left(place):
    def endless():
        while True:
            yield b"x" * 100

    with pytest.raises(storage.TooLarge):
        stored(*[b"x" * 600] * 2)
    with pytest.raises(storage.TooLarge), storage.incoming(endless(), 1000):
        pass
    assert list((place / "incoming").iterdir()) == []
    assert not (place / "files").exists()


def test_an_upload_that_breaks_off_leaves_nothing(place):
    def broken():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError), storage.incoming(broken(), 1000):
        pass
    assert list((place / "incoming").iterdir()) == []


@pytest.mark.parametrize(("bytes_", "share"), [(10**18, 0.0), (0, 1.0)])
def test_a_disk_that_is_nearly_full_takes_no_upload(place, settings, bytes_, share):
    settings.DISK_FREE_BYTES, settings.DISK_FREE_SHARE = bytes_, share
    with pytest.raises(storage.StorageFull, match="too little room"):
        stored(b"x")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "g" * 64])
def test_only_a_hash_names_a_file(place, name):
    with pytest.raises(ValueError, match="SHA-256"):
        storage.local(name)
    with pytest.raises(ValueError, match="key"):
        storage.prepared(name)


def test_a_missing_file_says_what_to_do(place):
    with pytest.raises(FileNotFoundError, match="upload it again"):
        storage.local("a" * 64)


def test_of_two_prepared_folders_the_first_stays_and_half_of_one_does_not_count(place):
    key = "b" * 64
    for word in ("first", "second"):
        folder = storage.scratch("job", word)
        (folder / "data").write_text(word)
        assert storage.prepared(key) is None or word == "second"
        (folder / "manifest.json").write_text("{}")
        storage.keep_prepared(key, folder)
        assert not folder.exists()
    assert (storage.prepared(key) / "data").read_text() == "first"
    (storage.prepared(key) / "manifest.json").unlink()
    assert storage.prepared(key) is None


def test_a_prepared_folder_holds_plain_files_only(place):
    folder = storage.scratch("job", "x")
    (folder / "manifest.json").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="plain files"):
        storage.keep_prepared("c" * 64, folder)


def test_the_sweep_takes_what_the_dead_left_and_nothing_that_lives(place):
    old, live, new = (storage.scratch("job", name) for name in ("old", "live", "new"))
    (place / "incoming" / "x.part").write_bytes(b"x")
    for path in (old, live, place / "incoming" / "x.part"):
        os.utime(path, (time.time() - 7200,) * 2)
    assert storage.sweep(live=frozenset({live.name})) == 2
    assert not old.exists()
    assert live.exists()
    assert new.exists()
