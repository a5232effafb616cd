"""What people do, in verbs; pages, API and commands all come through here.

Each verb checks, writes its rows in one transaction, and sends messages only once they are committed.
What cannot be done raises Refused, intake.Unreadable or storage.StorageFull with the sentence to show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from assessments import intake, questions, storage
from assessments.models import (
    Answers,
    Assessment,
    DataSet,
    Evidence,
    Job,
    Plan,
    Run,
    ShareLink,
    State,
    Workspace,
)
from assessments.models.assessment import ARTEFACT
from assessments.models.job import REPUBLISH
from assessments.models.run import OPEN, PREPARE
from assessments.storable import storable
from workers import assess
from workers.probes import catalog
from workers.probes.base import Finding

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from knox.models import AuthToken

MAX_FILES = 20
LINK_DAYS = 30
LINK_DAYS_MOST = 366
NO_FILES = "Not measured, because no files were uploaded."


class Refused(Exception):  # noqa: N818 - it is what happened, not a mistake
    """This cannot be done now; the text says why and what to do."""


class Unknown(Refused):
    """What was asked for does not exist; the text names it."""


# -- the assessment -------------------------------------------------------------------------------
@transaction.atomic
def create_assessment(
    user: User,
    name: str,
    client: str = "",
    targets: Iterable[str] = (),
    workspace: Workspace | None = None,
) -> Assessment:
    return Assessment.objects.create(
        workspace=workspace or Workspace.objects.of(user),
        name=_named(name, "Give the assessment a name."),
        client=storable(client).strip()[:200],
        targets=_targets(targets),
        created_by=user,
    )


def named_after(files: Sequence[str]) -> str:
    """A name for an assessment that got none: its first file's, without anybody's address in it."""
    return masked_name(file_name(files[0])) if files else "Plan and answers"


def update_assessment(assessment: Assessment, **changes: Any) -> Assessment:
    """Changes name, client or targets."""
    if "name" in changes:
        assessment.name = _named(changes["name"], "Give the assessment a name.")
    if "client" in changes:
        assessment.client = storable(changes["client"]).strip()[:200]
    if "targets" in changes:
        assessment.targets = _targets(changes["targets"])
    assessment.save(update_fields=["name", "client", "targets", "changed_at"])
    return assessment


def add_file(
    assessment: Assessment,
    upload: IO[bytes],
    name: str,
    user: User | None = None,
    *,
    artefact: bool = False,
) -> DataSet:
    """Stores one upload by its content's hash; a file of the same name takes the place of the old one.

    An ``artefact`` is a model file: kept as bytes, inspected by one probe, opened by nothing.
    """
    name = file_name(name)
    check = intake.check_artefact if artefact else intake.check
    with storage.incoming(_chunks(upload), settings.MAX_UPLOAD) as (path, stored):
        kind = check(path, name, limit=settings.MAX_UPLOAD)
        storage.keep(path, stored)
    shown = masked_name(name)
    file = {"name": shown, "sha256": stored.sha256, "bytes": stored.bytes, "kind": str(kind)}
    with transaction.atomic():
        row = _locked(assessment)
        files = list(row.dataset.files) if row.dataset else []
        places = [
            i
            for i, other in enumerate(files)
            if other["name"] == shown and (other["kind"] == ARTEFACT) == artefact
            # a masked name may stand for two people's files
            if shown == name or other["sha256"] == stored.sha256
        ]
        if places:
            files[places[0]] = file
        elif len(files) >= MAX_FILES:
            raise Refused(f"An assessment takes {MAX_FILES} files at most; put them together in one zip.")
        else:
            files.append(file)
        return _version(row, assessment, DataSet, "dataset", user, files=files)


@transaction.atomic
def remove_file(
    assessment: Assessment, sha256: str, user: User | None = None, *, artefact: bool = False
) -> DataSet:
    """Takes a file out of the data set, or an artefact out; runs that measured it keep it."""
    row = _locked(assessment)
    files = row.dataset.files if row.dataset else []
    left = [file for file in files if file["sha256"] != sha256 or (file["kind"] == ARTEFACT) != artefact]
    if len(left) == len(files):
        raise Refused(
            f"This file is not {'among the model files' if artefact else 'in the data set'} any more."
        )
    return _version(row, assessment, DataSet, "dataset", user, files=left)


def save_plan(
    assessment: Assessment,
    source: str | bytes | Mapping[str, Any],
    name: str = "plan.json",
    user: User | None = None,
) -> Plan:
    """Reads a training plan (JSON, YAML or a mapping); raises PlanError with every sentence there is."""
    from workers import masking, plan

    if isinstance(source, Mapping):
        source = json.dumps(source)
    found = plan.read(source, name)
    with transaction.atomic():
        return _version(
            _locked(assessment),
            assessment,
            Plan,
            "plan",
            user,
            document=storable(assessment.workspace.with_prices(found.plan)),
            not_read=storable(masking.of_document(found.not_read)),
            source=storable(found.source),
        )


def save_answers(
    assessment: Assessment,
    values: Mapping[str, Any],
    *,
    replace: bool = False,
    user: User | None = None,
) -> Answers:
    """Adds answers to those there are, or replaces them all; None takes an answer back.

    Raises AnswerError with one sentence for each answer that cannot be used; then nothing is saved.
    """
    cleaned, wrong = {}, []
    for key, value in values.items():
        try:
            questions.question(key)
            cleaned[key] = None if value is None else storable(questions.clean(key, value))
        except questions.AnswerError as error:
            wrong.append(
                f"{key}: {error}" if not str(error).startswith("There is no question") else str(error)
            )
    if wrong:
        raise questions.AnswerError(*wrong)
    with transaction.atomic():
        row = _locked(assessment)
        before = {} if replace or row.answers is None else row.answers.values
        after = {key: value for key, value in {**before, **cleaned}.items() if value is not None}
        return _version(row, assessment, Answers, "answers", user, values=after)


# -- the run --------------------------------------------------------------------------------------
@transaction.atomic
def start_run(
    assessment: Assessment,
    probes: Iterable[str] | None = None,
    *,
    user: User | None = None,
    seed: int = 0,
    seconds_a_probe: float | None = None,
) -> Run:
    """Freezes files, plan and answers as they are now, and sets every probe on its way."""
    chosen = choose(probes)
    row = _locked(assessment)
    has_files = bool(row.files)
    if not has_files and not row.artefacts and row.plan is None and not (row.answers and row.answers.values):
        raise Refused("There is nothing to assess yet; add files, a training plan or answers first.")
    run = Run.objects.create(
        assessment=row,
        dataset=row.dataset if has_files or row.artefacts else None,
        plan=row.plan,
        answers=row.answers,
        targets=row.targets,
        probes=list(chosen),
        seed=seed,
        seconds_a_probe=seconds_a_probe,
        created_by=user,
    )
    run.assessment = assessment
    ready = {"ready_at": Now(), "publish_after": Now() + REPUBLISH, "publishes": 1}
    jobs = []
    for position, probe in enumerate(([PREPARE] if has_files else []) + list(chosen)):
        job = Job(run=run, probe=probe, position=position)
        if not has_files and "data" in catalog.BY_ID[probe].needs:
            job.state, job.sentence, job.finished_at = State.DONE, NO_FILES, timezone.now()
        elif probe == PREPARE or not has_files:
            for field, value in ready.items():
                setattr(job, field, value)
        jobs.append(job)
    Job.objects.bulk_create(jobs)
    skipped = Finding.skipped(NO_FILES).as_json()
    Evidence.objects.bulk_create(
        Evidence(run=run, probe=job.probe, **skipped) for job in jobs if job.state == State.DONE
    )
    for job in jobs:
        if job.ready_at is not None:
            transaction.on_commit(job.publish, robust=True)
    transaction.on_commit(run.close, robust=True)  # at once, when there is nothing to measure
    return run


@transaction.atomic
def check(
    user: User,
    name: str,
    files: Iterable[tuple[IO[bytes], str]],
    *,
    client: str = "",
    targets: Iterable[str] = (),
    artefacts: Iterable[tuple[IO[bytes], str]] = (),
    plan: tuple[bytes, str] | None = None,
    answers: tuple[bytes, str] | None = None,
    probes: Iterable[str] | None = None,
) -> Run:
    """The whole way in one step, as a CI job takes it: all of it is taken, or nothing is."""
    choose(probes)
    assessment = create_assessment(user, name, client, targets)
    for upload, file in files:
        add_file(assessment, upload, file, user)
    for upload, file in artefacts:
        add_file(assessment, upload, file, user, artefact=True)
    if plan is not None:
        save_plan(assessment, *plan, user)
    if answers is not None:
        save_answers(assessment, questions.read(*answers), user=user)
    return start_run(assessment, probes, user=user)


def choose(probes: Iterable[str] | None) -> tuple[str, ...]:
    """Probe ids and names of dimensions -> ids in report order; None means all."""
    if probes is None:
        return catalog.ACTIVE
    wanted = [str(name)[:80] for name in probes]
    if not wanted:
        raise Unknown("Name at least one probe, or none at all for every probe.")
    try:
        return assess.chosen(wanted)
    except assess.Unknown as error:
        raise Unknown(str(error)) from error


@transaction.atomic
def cancel_run(run: Run) -> Run:
    """Ends the run now. A probe that is measuring loses its lease, notices within seconds and stops."""
    row = Run.objects.select_for_update().defer("report").get(pk=run.pk)
    if row.state not in OPEN:
        raise Refused(f"This run has ended already: it is {row.state}.")
    row.jobs.filter(state__in=OPEN).update(
        state=State.CANCELLED, token="", lease_until=None, finished_at=Now(), sentence="Cancelled."
    )
    Run.objects.filter(pk=run.pk).update(state=State.CANCELLED, finished_at=Now(), note="Cancelled.")
    run.refresh_from_db()
    return run


@transaction.atomic
def retry_job(job: Job) -> Run:
    """Measures once more what stopped; the run opens again and its report is built anew.

    Share links that hold a snapshot keep the report they had.
    """
    run = Run.objects.select_for_update().defer("report").get(pk=job.run_id)
    if run.state == State.CANCELLED:
        raise Refused("This run was cancelled; start a new one.")
    fresh = {
        "state": State.WAITING, "attempt": 0, "token": "", "progress": 0, "sentence": "", "publishes": 1,
        "started_at": None, "finished_at": None, "ready_at": Now(), "publish_after": Now() + REPUBLISH,
    }  # fmt: skip
    if not Job.objects.filter(pk=job.pk, state=State.STOPPED).update(**fresh):
        raise Refused(f"Only what has stopped can be tried again, and {job.probe} has not.")
    run.evidence.filter(probe=job.probe).delete()
    if job.probe == PREPARE:
        later = {**fresh, "ready_at": None, "publish_after": None, "publishes": 0}
        run.jobs.filter(state=State.CANCELLED).update(**later)
    Run.objects.filter(pk=run.pk).update(state=State.RUNNING, report=None, finished_at=None, note="")
    transaction.on_commit(job.publish, robust=True)
    return Run.objects.get(pk=run.pk)


@transaction.atomic
def retry_run(run: Run) -> Run:
    """Tries everything again that stopped, or builds a report again that could not be built."""
    stopped = list(run.jobs.filter(state=State.STOPPED).order_by("position"))
    if stopped and stopped[0].probe == PREPARE:
        stopped = stopped[:1]
    for job in stopped:
        retry_job(job)
    if not stopped:
        if run.state != State.STOPPED:
            raise Refused("Nothing in this run has stopped, so there is nothing to try again.")
        Run.objects.filter(pk=run.pk).update(state=State.RUNNING, finished_at=None, note="")
        transaction.on_commit(run.close, robust=True)
    run.refresh_from_db()
    return run


# -- share links and tokens -----------------------------------------------------------------------
@transaction.atomic
def make_share_link(
    run: Run,
    *,
    user: User | None = None,
    label: str = "",
    expires_at: datetime | None = None,
    days: int = LINK_DAYS,
    password: str = "",
    snapshot: bool = True,
    show_recommendations: bool = True,
    show_samples: bool = False,
    show_answers: bool = True,
    show_pdf: bool = True,
) -> tuple[ShareLink, str]:
    """-> the link and its token, which is shown this once: only its hash is stored."""
    if run.report is None:
        raise Refused("This run has no report to share yet; wait until it is complete.")
    if expires_at is None:
        if not 1 <= days <= LINK_DAYS_MOST:
            raise Refused(f"A link ends after 1 to {LINK_DAYS_MOST} days.")
        expires_at = timezone.now() + timedelta(days=days)
    if not timezone.now() < expires_at <= timezone.now() + timedelta(days=LINK_DAYS_MOST):
        raise Refused("A link ends in the future, and within a year.")
    if password and not 8 <= len(password) <= 200:
        raise Refused("A link's password has 8 to 200 characters.")
    token = ShareLink.new_token()
    link = ShareLink(
        run=run,
        token_hash=ShareLink.digest(token),
        label=storable(label).strip()[:120],
        created_by=user,
        expires_at=expires_at,
        snapshot=snapshot,
        document=run.report if snapshot else None,
        show_recommendations=show_recommendations,
        show_samples=show_samples,
        show_answers=show_answers,
        show_pdf=show_pdf,
    )
    link.set_password(password)
    link.save(force_insert=True)
    return link, token


def revoke_link(link: ShareLink) -> ShareLink:
    """Turns the link off, from the next request on; a second time changes nothing."""
    ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=Now())
    link.refresh_from_db()
    return link


def make_token(user: User) -> tuple[AuthToken, str]:
    """-> the API token's row and the token, which is shown this once: only its hash is stored."""
    from knox.models import AuthToken

    return AuthToken.objects.create(user=user)


def revoke_token(user: User, token_key: str) -> None:
    """Ends the person's own token that begins with ``token_key``."""
    from knox.models import AuthToken

    if not AuthToken.objects.filter(user=user, token_key=token_key).delete()[0]:
        raise Refused("There is no such token any more.")


# -- how they do it -------------------------------------------------------------------------------
def file_name(name: str) -> str:
    """The name as text only: no folders, no control characters, 200 characters at most."""
    last = PurePosixPath(storable(name or "").replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).strip()[:200] or "upload"


def masked_name(file: str) -> str:
    """A file's name without anybody's name, address or number in it; the ending stays."""
    from workers import masking  # everyone who may read the report would read the name too

    path = PurePosixPath(file)
    return f"{masking.of_file_name(path.stem)}{path.suffix}"


def _named(name: str, otherwise: str) -> str:
    cleaned = " ".join(storable(name or "").split())[:200]
    if not cleaned:
        raise Refused(otherwise)
    return cleaned


def _targets(targets: Iterable[str]) -> list[str]:
    if isinstance(targets, str):
        targets = [targets]
    return list(dict.fromkeys(storable(str(t)).strip()[:200] for t in targets if str(t).strip()))[:50]


def _chunks(upload: IO[bytes]) -> Iterator[bytes]:
    upload.seek(0)
    while chunk := upload.read(storage.CHUNK):
        yield chunk


def _locked(assessment: Assessment) -> Assessment:
    """The row, held until the transaction ends, so that two new versions do not get one number."""
    row = Assessment.objects.select_for_update(of=("self",)).filter(pk=assessment.pk)
    found = row.with_current().first()
    if found is None:
        raise Refused("This assessment was deleted meanwhile.")
    return found


def _version(
    row: Assessment,
    given: Assessment,
    model: type[Any],
    field: str,
    user: User | None,
    **values: Any,
) -> Any:
    """Writes the next version and points the assessment at it; ``given`` is the caller's own copy."""
    current = getattr(row, field)
    version = (current.version if current else 0) + 1
    made = model.objects.create(assessment=row, version=version, created_by=user, **values)
    setattr(row, field, made)
    row.save(update_fields=[field, "changed_at"])
    setattr(given, field, made)
    given.changed_at = row.changed_at
    return made
