"""Secrets: what opens something is found with its place; hashes, identifiers and pictures are none."""

from __future__ import annotations

import base64
import json
import uuid

import numpy as np
import pytest

from tests.planting.people import People, clean_columns
from tests.workers.probes.tables import prepared
from workers.plan import read as read_plan
from workers.probes.base import Budget, Sample
from workers.probes.security import secrets
from workers.probes.security.secrets.patterns import found


def test_every_kind_of_secret_is_found_where_it_stands(tmp_path):
    people = People(1)
    texts, true = [people.sentence() for _ in range(400)], set()
    for row in range(0, 400, 2):
        value, text = people.secret()
        texts[row] = f"{texts[row]} {text}"
        start = texts[row].index(value)
        true.add((row, start, start + len(value)))
    finding = secrets.run(prepared(tmp_path, {"text": texts}, types={"text": "text"}), Budget())
    said = {(span["row"], span["start"], span["end"]) for span in finding.facts["spans"]}
    assert len(true & said) >= 0.98 * len(true)
    assert len(said - true) <= 2
    assert finding.value == len(said)
    (fault,) = finding.facts["faults"]
    assert (fault["fault"], fault["severity"], fault["columns"]) == ("secret", "high", ["text"])


def test_no_secret_leaves_the_probe(tmp_path):
    people = People(2)
    made = [people.secret() for _ in range(60)]
    finding = secrets.run(
        prepared(tmp_path, {"text": [text for _, text in made]}, types={"text": "text"}), Budget()
    )
    told = json.dumps(finding.as_json())
    assert finding.value >= 58
    assert [value for value, _ in made if value in told or value[:12] in told] == []


@pytest.mark.parametrize("seed", range(3))
def test_what_is_only_random_is_no_secret(tmp_path, seed):
    rng = np.random.default_rng(seed)
    columns = clean_columns(rng, 150) | {
        "uuid": [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(150)],
        "picture": [f"data:image/png;base64,{base64.b64encode(rng.bytes(600)).decode()}" for _ in range(150)],
        "packed": [base64.b64encode(rng.bytes(90)).decode() for _ in range(150)],
        "fix": [f"commit {rng.bytes(20).hex()} fixes counting of tokens" for _ in range(150)],
        "words": [f"token: word{i} pos: NOUN" for i in range(150)],
        "help": ["my password is incorrect, please reset the password before 2023-01-02"] * 150,
        "code": ["def auth(token: str, password: str = None): return get_secret('x')"] * 150,
    }  # fmt: skip
    finding = secrets.run(prepared(tmp_path, columns), Budget())
    assert finding.facts["by_column"] == []
    assert finding.value == 0


@pytest.mark.parametrize(
    "text",
    ["password=changeme", "password: ********", "api_key = <your key>", "password=$DB_PASS", "secret: none",
     "token = os.environ['TOKEN_OF_THE_SHOP']", "postgres://user:password@db/x", "AKIAXXXXXXXXXXXXXXXX",
     "sk-learn-contrib-imbalanced-learn"],
)  # fmt: skip
def test_placeholders_are_no_secrets(text):
    assert list(found(text)) == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [("sk-ant-api03-", "anthropic"), ("sk-ant-admin01-", "anthropic"), ("sk-proj-", "openai"),
     ("sk-or-v1-", "openrouter"), ("sk-", "ai_service")],
)  # fmt: skip
def test_keys_of_ai_services_are_called_by_their_maker(head, kind):
    people = People(3)
    key = head + people.drawn("0123456789abcdefABCDEF", 64)
    ((start, end, said),) = found(f"the key is {key}, keep it")
    assert (said, start, end) == (kind, 11, 11 + len(key))


def test_a_column_called_password_and_the_plan_are_read(tmp_path):
    columns = {"password": ["hunter2!", "S0mmer99", "qwerT123"] * 9}
    plan = {"data": {"url": "postgres://me:s3cretPw9@db/x"}, "api_key": "abc123XYZ99", "seed": 4}
    finding = secrets.run(prepared(tmp_path, columns, plan=plan), Budget())
    in_data, in_plan = finding.facts["faults"]
    assert (in_data["columns"], in_data["count"]) == (["password"], 27)
    assert (in_plan["where"], in_plan["keys"]) == ("plan", ["data.url", "api_key"])
    assert "s3cretPw9" not in json.dumps(finding.as_json())


def test_a_plan_without_data_is_searched_and_nothing_at_all_is_skipped():
    assert secrets.run(Sample(plan={"note": "ghp_" + "a1B2c3D4e5F6" * 3}), Budget()).value == 1
    assert secrets.run(Sample(), Budget()).state == "skipped"


PLAN = """\
training: {epochs: 3}
# the old one was ghp_abcDEFghijklmnop1234567890ABCDEFghij
wandb:
  login:
    api_key: 0123abcdf4567890aacd0123abcdf4567890aacd
hooks:
  - run: "curl -u anna:pl4nK!x9 https://example.org"
  - my password is Tr0ub4dor&3x
glpat-abcdefGHIJKL12345678: true
deep: {er: {pw: hunter2!Q}}
eos_token: <|endoftext|>
sort_key: created_at
"""


def test_the_plan_is_searched_as_it_was_written_also_where_nothing_reads_it():
    kept = read_plan(PLAN, "plan.yaml")
    assert kept.plan == {"training": {"epochs": 3}}
    finding = secrets.run(Sample(plan=kept.plan, plan_text=kept.source), Budget())
    (fault,) = finding.facts["faults"]
    assert fault["keys"] == [
        "wandb.login.api_key", "hooks.0.run", "hooks.1", "glpat-***", "deep.er.pw", "comment",
    ]  # fmt: skip
    assert fault["kinds"] == ["command", "github", "gitlab", "password"]
    told = json.dumps(finding.as_json())
    hidden = ("abcDEFghij", "0123abcdf4", "pl4nK", "Tr0ub4", "abcdefGHI", "hunter2")
    assert [one for one in hidden if one in told] == []


def test_notes_in_answers_are_searched_and_only_what_was_searched_is_named():
    answers = {"D1": {"value": "yes", "note": "key sk_live_a1B2c3D4e5F6g7H8i9J0k1L2"}}
    finding = secrets.run(Sample(answers=answers), Budget())
    assert finding.facts["elsewhere"] == [
        {
            "where": "answers",
            "key": "D1.note",
            "kind": "stripe",
            "what": "Stripe keys",
            "example": "sk_live_***",
        }
    ]
    quiet = secrets.run(Sample(answers={"D1": {"value": "yes"}}), Budget())
    assert quiet.note == "Nothing in the answers has the shape of a key, token or password."


def test_a_plan_without_secrets_stays_quiet():
    plan = (
        '{"tokenizer": {"pad_token": "[PAD]", "eos_token": "</s>"}, "secret_santa": 3, "key": "value",'
        ' "commit": "9fceb02d0ae598e95dc970b74767f19372d61af8", "auth": "none", "max_tokens": "4096",'
        ' "resume": "please reset the password", "cookie": "ask before setting a cookie"}'
    )
    assert secrets.run(Sample(plan={"seed": 1}, plan_text=plan), Budget()).value == 0
