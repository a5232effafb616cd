"""The demo assessment: made once, run once, shown again on every later start."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from assessments import actions
from assessments.models import Assessment, Membership, Run, ShareLink, Workspace

NAME = "Demo: reading handwritten digits"
USER = "demo@riskboard.local"
LINK_DAYS = 30

PLAN: dict[str, Any] = {
    "project": "Read the amount field of paper forms",
    "model": {"kind": "mlp", "hidden": [128, 64]},
    "training": {
        "optimizer": "adam",
        "learning_rate": 0.003,
        "batch_size": 64,
        "epochs": 30,
        "weight_decay": 0.0001,
        "early_stopping": {"monitor": "validation"},
    },
    "evaluation": {
        "metric": "accuracy",
        "target_value": 0.98,
        "report_on": "test",
        "tune_on": "validation",
    },
    "hardware": {
        "train": {"device": "l4", "count": 1, "hours": 2},
        "budget": {"money": 200, "currency": "USD"},
    },
    "seed": 7,
}
ANSWERS: dict[str, Any] = {
    "C1": {"value": "money", "note": "A misread amount is paid out wrongly."},
    "C2": {"roughly": [20000, 50000]},
    "C3": {"value": "sample"},
    "C4": {"value": "weeks"},
    "C6": {"value": {"metric": "accuracy", "value": 0.98}},
    "C8": {"value": ["none"]},
    "C9": {"value": "person"},
    "D1": {"value": "yes"},
    "D2": {"value": {"total": 1837, "rarest": 170}},
    "D3": {"value": "experts_single"},
    "D4": {"value": "tidy"},
    "D5": {"value": "partly"},
    "D6": {"value": "no"},
    "D9": {"value": "document"},
    "S1": {"value": ["none"]},
    "S2": {"value": "staff"},
    "S3": {"value": "kept"},
    "S4": {"value": "some"},
    "S6": {"value": "partners"},
    "H4": {"value": 40},
    "H8": {"value": "hours"},
    "H9": {"value": "cloud"},
    "F1": {"value": 2},
    "F2": {"value": "yearly"},
    "F3": {"value": "partly"},
    "F4": {"value": "none"},
    "P1": {"value": "hand"},
    "P2": {"value": "yes"},
    "P4": {"value": ["early_stopping", "weight_decay"]},
    "P5": {"unknown": True},
    "P9": {"value": "no"},
}


@dataclass
class Made:
    run: Run
    password: str
    new: bool


def make(say: Callable[[str], Any]) -> Made:
    """The demo's run, started now or found from an earlier start."""
    password, user = _user()
    assessment = Assessment.objects.filter(name=NAME, created_by=user).order_by("created_at").first()
    run = assessment.runs.order_by("-created_at").first() if assessment else None
    if run is not None:
        return Made(run, password, new=False)
    folder = settings.DATA_DIR / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    truth = _data(folder)
    say(
        f"The demo's data: {truth['pictures']:,} pictures of digits; {len(truth['label_flips'])} labels "
        f"were made wrong, {len(truth['near_duplicates'])} pictures were copied and "
        f"{len(truth['broken_files'])} files were broken on purpose ({folder / 'truth.json'})."
    )
    assessment = assessment or actions.create_assessment(user, NAME, client="RiskBoard demo")
    with (folder / "digits.zip").open("rb") as file:
        actions.add_file(assessment, file, "digits.zip", user)
    actions.save_plan(assessment, PLAN, user=user)
    actions.save_answers(assessment, ANSWERS, user=user)
    return Made(actions.start_run(assessment, user=user), password, new=True)


def told(made: Made, address: str) -> list[str]:
    return [
        f"Sign in at {address}/sign-in/ as {USER} with the password {made.password}",
        f"The demo {'is being measured' if made.new else 'is'} at {address}/runs/{made.run.pk}/",
    ]


def told_links(made: Made, address: str) -> list[str]:
    """The share link, once there is a report to share."""
    made.run.refresh_from_db()
    if made.run.report is None:
        return [made.run.note or "The demo has no report."]
    token = share_token(made.run)
    return [f"Its report, for anyone with this link: {address}/s/{token}/"]


def share_token(run: Run) -> str:
    """The demo link's token. Rows keep only its hash, so the token itself is kept beside the password."""
    kept = _secrets()
    token = kept.get("share_token", "")
    link = ShareLink.objects.by_token(token) if token else None
    if link is None or link.ended or link.run_id != run.pk:
        _, token = actions.make_share_link(
            run, user=run.created_by, label="The demo", days=LINK_DAYS, show_samples=True
        )
        _keep({**kept, "share_token": token})
    return token


def progress(run: Run) -> str:
    """One line while it runs: "7 of 13 checks done; now Label errors, Duplicates".

    A check that is done may have failed or not applied, so this never says that all were measured.
    """
    jobs = list(run.jobs.all())
    done = sum(job.finished for job in jobs)
    now = ", ".join(job.title for job in jobs if job.state == "running")
    return f"{done} of {len(jobs)} checks done{f'; now {now}' if now else ''}"


def _user() -> tuple[str, Any]:
    """The demo's user, with a password made once for this installation."""
    kept = _secrets()
    password = kept.get("password", "")
    user = get_user_model().objects.filter(username=USER).first()
    if user is None or not password:
        password = password or secrets.token_urlsafe(12)
        _keep({**kept, "password": password})
        user = user or get_user_model()(username=USER, email=USER)
        user.set_password(password)
        user.save()
    workspace = Workspace.objects.default()
    workspace.memberships.get_or_create(user=user, defaults={"role": Membership.Role.OWNER})
    return password, user


def _data(folder: Path) -> dict[str, Any]:
    """Made by a process of its own: scikit-learn does not come into this one."""
    subprocess.run(
        [sys.executable, "-m", "workers.demo", str(folder)],
        cwd=settings.BASE_DIR,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return truth


def _secrets() -> dict[str, str]:
    path = settings.DATA_DIR / "demo.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _keep(values: dict[str, str]) -> None:
    path = settings.DATA_DIR / "demo.json"
    temp = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(values, out)
    temp.replace(path)
