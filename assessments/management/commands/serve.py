"""Everything on one machine: `manage.py serve` starts and supervises web, worker, tick and broker."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections

from riskboard import broker, static_files
from riskboard.supervise import Child, Supervisor


class Command(BaseCommand):
    help = "Runs RiskBoard on this machine: the web server, the workers, the reaper and a private broker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--workers", type=int, default=max(1, os.cpu_count() or 1), help="Probes measured at once."
        )
        parser.add_argument("--web-workers", type=int, default=2, help="Processes that answer requests.")
        parser.add_argument("--demo", action="store_true", help="Make the demo assessment and wait for it.")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        if options["workers"] < 1 or options["web_workers"] < 1:
            raise CommandError("--workers and --web-workers are 1 or more.")
        self.stopped = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        host, port = options["host"], options["port"]
        with only_one(settings.DATA_DIR, f"http://{host}:{port}"):
            port_is_free(host, port)
            supervisor = Supervisor(settings.DATA_DIR / "log", self.say, settings.BASE_DIR)
            try:
                self.serve(supervisor, host, port, options)
                self.say(f"RiskBoard is at http://{host}:{port} ({time.monotonic() - began:.1f} s to start).")
                if options["demo"]:
                    self.demo(supervisor, f"http://{host}:{port}")
                self.say("Stop it with Ctrl-C.")
                supervisor.run(lambda: self.stopped)
            finally:
                supervisor.stop()
                self.release()
                self.say("RiskBoard has stopped. Nothing is lost; start it again at any time.")

    # -- the processes ----------------------------------------------------------------------------
    def serve(self, supervisor: Supervisor, host: str, port: int, options: dict[str, Any]) -> None:
        from workers import sandbox

        self.say(sandbox.layer().sentence)
        call_command("migrate", interactive=False, verbosity=0)
        self.start_broker(supervisor)
        self.release()
        python = [sys.executable, "-m"]
        web = [
            *python, "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
            "--workers", str(options["web_workers"]), "--blocking-threads", "4", "--no-ws",
            "--respawn-failed-workers", "--log-level", "warning", "riskboard.wsgi:application",
        ]  # fmt: skip
        worker = [
            *python, "celery", "-A", "riskboard", "worker", "--queues", "cpu,gpu", "--loglevel", "warning",
            "--concurrency", str(options["workers"]), "--hostname", f"{os.getpid()}@%h",
            "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        manage = str(settings.BASE_DIR / "manage.py")
        # A killed worker takes its probes with it, so its leases need not run out before others go on.
        on_death = self.release if settings.PRIVATE_BROKER else None
        supervisor.start(Child("worker", worker, patience=3.0, on_death=on_death))
        supervisor.start(Child("tick", [sys.executable, manage, "tick"], patience=3.0))
        if static_files.collect():  # the worker warms up meanwhile
            self.say("The static files are packed.")
        supervisor.start(Child("web", web))
        address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/healthz"  # noqa: S104
        supervisor.run(lambda: self.stopped or answers(address))

    def start_broker(self, supervisor: Supervisor) -> None:
        if os.environ.get("REDIS_URL"):
            if settings.CELERY_BROKER_URL.startswith("filesystem://"):
                self.say(broker.Server(None, "Broker: files under the data folder.").sentence)
            else:
                self.say("Broker: the one that REDIS_URL names.")
            return
        server = broker.find()
        self.say(server.sentence)
        if server.program is None:  # every process has to read this, ours too: start anew with it
            os.environ["REDIS_URL"] = "filesystem://"
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves
        sock: Path = settings.BROKER_SOCKET
        try:
            broker.make_folder(sock)
        except OSError as error:
            raise CommandError(str(error)) from error
        child = Child("broker", broker.command(server.program, sock))
        supervisor.start(child)
        if not broker.wait(sock, 20):
            raise CommandError(f"The broker did not start; see {supervisor.log_of(child)}.")

    def release(self) -> None:
        """Only we have workers on a private broker: when they are gone, what they held is free."""
        from assessments.models import Job

        if not settings.PRIVATE_BROKER:
            return
        try:
            Job.objects.abandon()
        except DatabaseError:
            pass  # the leases run out by themselves
        finally:
            connection.close()

    # -- the demo ---------------------------------------------------------------------------------
    def demo(self, supervisor: Supervisor, address: str) -> None:
        from assessments import demo

        made = demo.make(self.say)
        connections.close_all()
        for line in demo.told(made, address):
            self.say(line)
        began, said = time.monotonic(), ""

        def ended() -> bool:
            nonlocal said
            made.run.refresh_from_db(fields=["state", "note"])
            words = demo.progress(made.run)
            if words != said and not made.run.finished:
                said = words
                self.say(words)
            return made.run.finished or self.stopped

        if not made.run.finished:
            supervisor.run(ended)
            if made.run.finished:
                self.say(f"The demo's report is complete ({time.monotonic() - began:.1f} s).")
        else:
            self.say("The demo's report is complete since an earlier start.")
        if not self.stopped:
            for line in demo.told_links(made, address):
                self.say(line)

    # -- words and signals ------------------------------------------------------------------------
    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def ask_to_stop(self, *_: Any) -> None:
        self.stopped = True


class only_one:  # noqa: N801 - it reads as a statement
    """Holds the folder; a second start on it says so in one sentence."""

    def __init__(self, data_dir: Path, address: str) -> None:
        self.path, self.address = data_dir / "serve.lock", address

    def __enter__(self) -> None:
        self.file: IO[str] = self.path.open("a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.file.seek(0)
            raise CommandError(
                f"RiskBoard runs on this folder already ({self.file.read().strip() or self.path}); "
                "stop that one, or set RISKBOARD_DATA_DIR to another folder."
            ) from error
        self.file.truncate(0)
        self.file.write(f"process {os.getpid()}, {self.address}")
        self.file.flush()

    def __exit__(self, *_: Any) -> None:
        self.file.truncate(0)
        self.file.close()


def port_is_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({getattr(error, 'strerror', None) or error}); "
                f"choose another one: manage.py serve --port {min(port + 1, 65535)}"
            ) from error


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as response:  # noqa: S310 - our own http address
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
