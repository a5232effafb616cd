"""The private broker keeps its messages through kill -9 and listens on no port."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
import redis

from riskboard import broker


@pytest.fixture
def sock(tmp_path) -> Path:
    path = broker.socket_path(tmp_path)
    broker.make_folder(path)
    return path


def start(sock: Path) -> subprocess.Popen:
    program = broker.find().program
    assert program is not None
    process = subprocess.Popen(broker.command(program, sock), stdout=subprocess.DEVNULL)
    assert broker.wait(sock, 10)
    return process


def test_messages_outlive_kill_9_and_only_the_owner_reaches_it(sock):
    process = start(sock)
    try:
        link = redis.Redis(unix_socket_path=str(sock))
        link.rpush("cpu", "one")
        assert link.config_get("port") == {"port": "0"}
        assert link.config_get("appendonly")["appendonly"] == "yes"
        assert link.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert stat.S_IMODE(sock.parent.stat().st_mode) == 0o700
        link.execute_command("WAITAOF", 1, 0, 5000)  # on disk, as it is a second later by itself
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not broker.answers(sock)
        process = start(sock)
        assert redis.Redis(unix_socket_path=str(sock)).lrange("cpu", 0, -1) == [b"one"]
    finally:
        process.kill()
        process.wait()


def test_a_long_data_folder_gets_a_short_socket(tmp_path):
    long = tmp_path / ("x" * 120)
    found = broker.socket_path(long)
    assert len(str(found)) <= broker.SOCKET_PATH_MOST
    assert found == broker.socket_path(long)
    with socket.socket(socket.AF_UNIX) as probe:
        found.parent.mkdir(mode=0o700)
        try:
            probe.bind(str(found))
        finally:
            found.unlink(missing_ok=True)
            found.parent.rmdir()


def test_without_the_package_a_server_on_path_and_then_files_are_said(monkeypatch):
    monkeypatch.setattr(broker, "_bundled", lambda: None)
    monkeypatch.setattr(
        broker.shutil, "which", lambda name: f"/bin/{name}" if name == "redis-server" else None
    )
    assert broker.find().program == Path("/bin/redis-server")
    assert "redis-server" in broker.find().sentence
    monkeypatch.setattr(broker.shutil, "which", lambda name: None)
    assert broker.find().program is None
    assert "files" in broker.find().sentence
