"""``manage.py assess``: one assessment in the terminal, without a server, a database or a broker."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import signal
import sys
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from assessments import intake, questions, signing, terminal
from assessments.actions import masked_name
from assessments.answers import AnswerError
from assessments.scoring import document
from assessments.scoring import policy as policy_files
from assessments.scoring.policy import Policy, PolicyError, Verdict
from workers import assess, masking, sandbox
from workers.plan import PlanDocument, PlanError
from workers.plan import read as read_plan
from workers.probes.base import DIMENSIONS
from workers.probes.words import listed

LEVELS = ("minimal", "low", "moderate", "high", "critical")  # twenty points each
FINE, GATE, BAD_INPUT, NOT_ENOUGH = 0, 1, 2, 3
CODES = {"pass": FINE, "fail": GATE, "inconclusive": NOT_ENOUGH}  # of a policy's result
ENOUGH = 0.5  # coverage below which a gate that the range still reaches is not passed
LARGEST_DOCUMENT = 256 * 1024  # bytes of a plan or an answer file


class Refused(Exception):  # noqa: N818 - it is what happens to the input
    """Bad input: one sentence, exit code 2."""


class Ended(KeyboardInterrupt):
    """SIGTERM: the run is to end and clean up, as after Ctrl-C."""


def end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: cleaning up takes a moment
    raise Ended


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Meanwhile SIGTERM is an exception, so that no folder and no process is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def logged(log: Path | None) -> Iterator[None]:
    """What probes print goes to the log file, or nowhere: it may quote the data, and helps nobody here."""
    logger = logging.getLogger("riskboard.sandbox")
    handler = logging.FileHandler(log, "w", "utf-8") if log else logging.NullHandler()
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
        handler.close()


class Command(BaseCommand):
    help = (
        "Measures data, plan and answers, and judges them. "
        "Exit codes: 0 fine (the policy passes), 1 the level of --fail-on or the policy failed, 2 bad input, "
        "3 not enough evidence (the policy is inconclusive)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.error = self.refuse  # type: ignore[method-assign, assignment]
        parser.add_argument("data", nargs="*", type=Path, metavar="DATA", help="the data set's files")
        parser.add_argument("--plan", type=Path, metavar="FILE", help="the training plan, JSON or YAML")
        parser.add_argument(
            "--answers", type=Path, metavar="FILE", help="answers to the questions, JSON or YAML"
        )
        parser.add_argument(
            "--artefact",
            action="append",
            type=Path,
            default=[],
            metavar="FILE",
            help="a model file to inspect, never opened; repeat for more",
        )
        parser.add_argument(
            "--target", action="extend", nargs="+", default=[], metavar="NAME", help="columns to predict"
        )
        parser.add_argument(
            "--only",
            action="extend",
            nargs="+",
            default=[],
            metavar="NAME",
            help=f"probes, or any of {', '.join(DIMENSIONS)}",
        )
        parser.add_argument("--seconds", type=float, default=assess.DEFAULT_SECONDS, help="for the whole run")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the report, as JSON")
        parser.add_argument(
            "--log", type=Path, metavar="FILE", help="where to write what failed probes printed"
        )
        parser.add_argument(
            "--fail-on", metavar="LEVEL", help=f"exit 1 from this level on: {', '.join(LEVELS)}"
        )
        parser.add_argument(
            "--policy",
            metavar="FILE|PRESET",
            help="conditions in a YAML file, or one of " + ", ".join(policy_files.PRESETS),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ending():
                code = self.run(options)
        except Refused as refused:
            self.refuse(str(refused))
        except Ended:
            self.stderr.write("Ended from outside; nothing was written.")
            sys.exit(143)
        except KeyboardInterrupt:
            self.stderr.write("Stopped; nothing was written.")
            sys.exit(130)
        if code:
            sys.exit(code)

    def refuse(self, sentence: str) -> NoReturn:
        """One line on standard error and exit code 2."""
        self.stderr.write(" ".join(sentence.split()))
        sys.exit(BAD_INPUT)

    def run(self, options: Mapping[str, Any]) -> int:
        files, artefacts, left_out, plan, answers = checked(options)
        for sentence in left_out:
            self.stderr.write(f"{sentence} It was left out.")
        if plan.not_read:
            keys = masking.of_text(listed(plan.not_read, 8))
            self.stderr.write(f"Not read as settings: {keys}. Only the review of the plan sees such keys.")
        only, out, policy = options["only"], options["out"], policy_of(options["policy"])
        try:
            probes = assess.chosen(only)
        except assess.Unknown as unknown:
            raise Refused(str(unknown)) from None
        errors = Console(
            file=cast(TextIO, self.stderr._out), stderr=True
        )  # rich asks the stream whether it is a terminal
        try:
            with logged(options["log"]), terminal.Bars(errors, probes, reading=bool(files)) as bars:
                measured = assess.assess(
                    files, [path.name for path in files], artefacts, plan.plan, answers, options["target"],
                    only, options["seed"], options["seconds"], device=settings.DEVICE, on_event=bars,
                    plan_text=plan.source,
                )  # fmt: skip
        except sandbox.Unusable as unusable:
            raise Refused(str(unusable)) from None
        finally:
            sandbox.stop()
        report = report_of(measured, files, plan, answers, artefacts)
        tables = Console(file=cast(TextIO, self.stdout._out))
        terminal.show(tables, report)
        held = judged(report, policy)
        if held is not None:
            terminal.show_policy(tables, held)
        if out:
            write(out, report)
        if measured.reading and measured.reading.finding.state == "failed":
            errors.print(terminal.plain(measured.reading.finding.note))
        dimensions = {probe.partition(".")[0] for probe in probes} if only else set()
        code = verdict(report, options["fail_on"], dimensions)
        unread = measured.reading is not None and measured.reading.finding.state == "failed"
        asked = options["fail_on"] is not None or policy is not None
        unlooked = bool(left_out) and asked  # neither says anything of what was left out
        codes = {code, CODES[held.result] if held else FINE, NOT_ENOUGH if unread or unlooked else FINE}
        return next(one for one in (GATE, NOT_ENOUGH, FINE) if one in codes)


def policy_of(given: str | None) -> Policy | None:
    """The policy of a preset's name or of a file; a file of that name comes first."""
    if given is None:
        return None
    path, id = Path(given), given.strip().lower().replace(" ", "-").replace("_", "-")
    if not path.exists() and id in policy_files.PRESETS:
        return policy_files.preset(id)
    if not path.exists() and path.suffix == "":
        near = get_close_matches(id, policy_files.PRESETS, 1)
        hint = f"did you mean {near[0]}?" if near else f"presets are {', '.join(policy_files.PRESETS)}."
        raise Refused(f'--policy: there is no file and no preset "{given}"; {hint}')
    try:
        return policy_files.read(small(path), path.name)
    except PolicyError as error:
        raise Refused(str(error)) from None


def judged(report: Mapping[str, Any], policy: Policy | None) -> Verdict | None:
    """The policy's result on a report that was measured a moment ago."""
    if policy is None:
        return None
    now = datetime.now(UTC)
    return policy_files.evaluate(policy, report, now=now, measured_at=now)


def write(out: Path, report: Mapping[str, Any]) -> None:
    """The report, whole or not at all: what stood there before stays until the new one is complete."""
    written = part_of(out)
    try:
        written.write_text(json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")
        written.replace(out)
    except OSError as error:
        with contextlib.suppress(OSError):
            written.unlink(missing_ok=True)
        raise unwritten(out, error) from None


def part_of(out: Path) -> Path:
    """Where the report is written first, in the folder where it will stand."""
    return out.with_name(f".{out.name}.part")


def unwritten(out: Path, error: OSError | ValueError, what: str = "report") -> Refused:
    reason = getattr(error, "strerror", None) or "its name is none that a file can have"
    return Refused(
        f"The {what} could not be written to {out} ({reason}): "
        "name a file in a folder that can be written to."
    )


def writable(out: Path, inputs: Sequence[Path], what: str = "report") -> None:
    """Refuses what a report must not replace, and where none can be written: before anything is measured."""
    try:
        if out.is_dir() or not out.parent.is_dir():
            raise Refused(f"The {what} cannot be written to {out}: name a file in a folder that exists.")
        if out.exists() and not out.is_file():
            raise Refused(f"The {what} cannot be written to {out}, which is no file; name a file.")
        for path in inputs:
            if path.exists() and out.exists() and out.samefile(path):
                raise Refused(f"The {what} would replace {path}, which is an input; give it another name.")
        with part_of(out).open("wb"):
            pass
        part_of(out).unlink()
    except (OSError, ValueError) as error:  # ValueError: a name of none, or with a zero byte
        raise unwritten(out, error, what) from None


def checked(
    options: Mapping[str, Any],
) -> tuple[list[Path], list[Path], list[str], PlanDocument, dict[str, Any]]:
    """Everything that can be known to be wrong before anything is measured.

    -> data, model files, a sentence for each model file that is none, plan and answers.
    """
    files: list[Path] = options["data"]
    swallowed(options)
    artefacts: list[Path] = options["artefact"]
    if not files and not artefacts and not options["plan"] and not options["answers"]:
        raise Refused("There is nothing to assess: name a data set, a plan (--plan) or answers (--answers).")
    if options["fail_on"] not in (None, *LEVELS):
        raise Refused(f'"{options["fail_on"]}" is no level; --fail-on takes {", ".join(LEVELS)}.')
    if not assess.LEAST <= options["seconds"] <= 86_400:
        raise Refused(
            f"--seconds takes a number from {assess.LEAST:g} to 86400; in less nothing is measured."
        )
    if not 0 <= options["seed"] < 2**63:
        raise Refused("--seed takes a whole number from 0 on.")
    inputs = [path for path in (*files, *artefacts, options["plan"], options["answers"]) if path]
    if out := options["out"]:
        writable(out, inputs)
    if log := options["log"]:
        writable(log, inputs, "log")
        if out and log.resolve() == out.resolve():
            raise Refused("The log and the report cannot be one file; give --log another name.")
    for path in files:
        readable(path)
        try:
            intake.check(path, path.name, limit=settings.MAX_UPLOAD)
        except intake.Unreadable as error:
            raise Refused(str(error)) from None
    artefacts, left_out = inspectable(artefacts)
    if left_out and not files and not artefacts and not options["plan"] and not options["answers"]:
        raise Refused(left_out[0])
    plan, answers = documents(options)
    if not files and not artefacts and not plan.plan and not answers:
        given = " and ".join(path.name for path in inputs)
        raise Refused(
            f"{given} says nothing that can be assessed: name a data set, or write at least a setting."
        )
    return files, artefacts, left_out, plan, answers


def inspectable(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The model files that can be inspected, and a sentence for each of the others: they stop nothing."""
    kept, sentences = [], []
    for path in paths:
        readable(path)
        try:
            intake.check_artefact(path, path.name, limit=settings.MAX_UPLOAD)
        except intake.Unreadable as error:
            sentences.append(str(error))
        else:
            kept.append(path)
    return kept, sentences


def swallowed(options: Mapping[str, Any]) -> None:
    """--only and --target take every word that follows, also the name of the data."""
    for option in ("only", "target"):
        given = options[option]
        if given and not options["data"] and Path(given[-1]).is_file():
            raise Refused(
                f"--{option} took {given[-1]} as one of its names: name the data before --{option}."
            )


def documents(options: Mapping[str, Any]) -> tuple[PlanDocument, dict[str, Any]]:
    """The plan and the answers, read."""
    plan, answers = PlanDocument({}), {}
    try:
        if path := options["plan"]:
            plan = read_plan(small(path), path.name)
        if path := options["answers"]:
            answers = questions.read(small(path), path.name)
    except (PlanError, AnswerError) as error:
        raise Refused(str(error)) from None
    return plan, answers


def readable(path: Path) -> None:
    """Refuses what is no file that can be opened, with the reason."""
    try:
        if not path.exists():
            raise Refused(f"{path} does not exist; check the name.")
        if not path.is_file():
            raise Refused(f"{path} is no file; name a data set file, or zip the folder first.")
        with path.open("rb"):
            return
    except OSError as error:
        raise Refused(f"{path} cannot be opened ({error.strerror}).") from None


def small(path: Path) -> bytes:
    """A plan or an answer file, never more of it than the limit and a byte: the reader says the rest."""
    readable(path)
    with path.open("rb") as file:
        return file.read(LARGEST_DOCUMENT + 1)


def report_of(
    measured: assess.Measured,
    files: Sequence[Path],
    plan: PlanDocument,
    answers: Mapping[str, Any],
    artefacts: Sequence[Path] = (),
) -> dict[str, Any]:
    """The report document. Its id follows from what went in, so the same input has the same one."""
    sums = [file.get("sha256") for file in measured.manifest.get("files", ())]
    inspected = [described(path) for path in artefacts]
    sums += [one["sha256"] for one in inspected]
    given = [
        sums,
        plan.plan,
        answers,
        measured.seed,
        [one["name"] for one in measured.manifest.get("targets", ())],
    ]
    made = document.build(
        run={
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(given, sort_keys=True, default=str))),
            "seed": measured.seed,
            "seconds": round(measured.seconds, 2),
            "workers": measured.parallel,
            "device": measured.device,
            "hardware": {
                key: measured.hardware[key]
                for key in ("device", "cpu", "cores", "memory_gb", "gpus")
                if key in measured.hardware
            },
        },
        assessment={
            "name": ", ".join(masked_name(path.name) for path in (*files, *artefacts)) or "Plan and answers",
            "client": "",
            **({"artefacts": inspected} if inspected else {}),
        },
        manifest=measured.manifest or None,
        plan=plan.plan,
        plan_not_read=plan.not_read,
        answers=answers,
        findings=[
            {"probe": probe, "finding": record.finding.as_json(), "seconds": round(record.seconds, 2)}
            for probe, record in measured.findings.items()
        ],
    )
    return signing.signed(made)


def described(artefact: Path) -> dict[str, Any]:
    """What a report says of a model file."""
    with artefact.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": masked_name(artefact.name), "sha256": digest, "bytes": artefact.stat().st_size}


def verdict(report: Mapping[str, Any], fail_on: str | None, dimensions: set[str]) -> int:
    """The exit code. With --only, the gate looks at the dimensions that were asked for."""
    if not any(one["state"] == "measured" for one in report["findings"]) and not report["answers"]:
        return NOT_ENOUGH
    parts = [one for one in report["dimensions"] if one["id"] in dimensions] or [report["overall"]]
    if all(part["score"] is None for part in parts):
        return NOT_ENOUGH
    if fail_on is None:
        return FINE
    bound = 20 * LEVELS.index(fail_on)
    if any(part["score"] is not None and part["score"] >= bound for part in parts):
        return GATE
    unsure = any(part["high"] >= bound and part["coverage"] < ENOUGH for part in parts)
    return NOT_ENOUGH if unsure else FINE
