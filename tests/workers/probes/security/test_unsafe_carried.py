"""Pickles that a text carries in Base64 are followed as those that lie open."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import numpy as np
import pytest

from tests.workers.probes.security import artefacts
from tests.workers.probes.security.artefacts import RUNS, zipped
from tests.workers.probes.security.test_unsafe_files import look, named

BAD = pickle.dumps(artefacts.Canary("never"), 4)
# As Stable-Baselines3 2.9 writes a policy's class and a learning rate that stays.
POLICY = b"\x80\x05cstable_baselines3.common.policies\nActorCriticPolicy\n."
RATE = (
    b"\x80\x05cstable_baselines3.common.utils\nFloatSchedule\n)\x81}X\x0e\x00\x00\x00value_schedule"
    b"cstable_baselines3.common.utils\nConstantSchedule\n)\x81}X\x03\x00\x00\x00valG?3\xa9*0U2asbsb."
)
SPACE = pickle.dumps({"low": np.zeros(3, np.float32), "seen": np.ones(3, bool)}, 5)


def agent(code: str = "utf-8", **pickles: bytes) -> bytes:
    """A model as ``save_to_zip_file`` of stable_baselines3.common.save_util writes it."""
    data: dict[str, Any] = {"verbose": 0, "learning_rate": 0.0003}
    for name, raw in pickles.items():
        data[name] = {":type:": "<class 'abc.ABCMeta'>", ":serialized:": base64.b64encode(raw).decode()}
    return zipped({"data": json.dumps(data, indent=4).encode(code), "_stable_baselines3_version": b"2.9.2"})


@pytest.mark.parametrize("code", ["utf-8", "utf-16", "utf-32-be"])
@pytest.mark.parametrize("bad", [BAD, pickle.dumps(artefacts.Canary("never"), 0), pickle.dumps([1], 4) + BAD])
def test_a_pickle_in_the_data_of_an_agent_is_named(tmp_path, code, bad):
    finding = look(tmp_path, agent(code, policy_class=POLICY, lr_schedule=bad), "agent.zip")
    (found,) = finding.facts["found"]
    assert (named(finding), finding.value, found["runs"]) == ({RUNS}, 3, "posix.mkdir")
    assert found["inside"] == "data > in Base64"
    assert not (tmp_path / "never").exists()


def test_an_honest_agent_is_quiet(tmp_path):
    finding = look(tmp_path, agent(policy_class=POLICY, lr_schedule=RATE, space=SPACE), "agent.zip")
    assert (finding.facts["faults"], finding.high) == ([], 0), finding.facts["found"]
    own = look(tmp_path, agent(policy_class=b"\x80\x05cmypackage.nets\nPolicy\n."), "agent.zip")
    assert own.title == "agent.zip would run code that nobody here knows"


def test_a_schedule_that_is_code_is_named(tmp_path):
    code = b"\x80\x05ccloudpickle.cloudpickle\n_make_function\n)R."
    assert look(tmp_path, agent(clip_range=code), "agent.zip").value == 3


def test_what_cannot_be_followed_is_told(tmp_path):
    finding = look(tmp_path, agent(lr_schedule=SPACE[:-9]), "agent.zip")
    assert (named(finding), finding.value) == ({RUNS}, 2)
    broken = b'{"a": {":serialized:": "' + base64.b64encode(BAD) + b'"}'
    assert named(look(tmp_path, zipped({"data": broken}), "agent.zip")) == {RUNS}
    hidden = agent(policy_class=BAD).replace(b":serialized:", rb"\u003aserialized:")
    start = hidden.index(b"{")
    text = hidden[start : hidden.index(b"}\n}") + 3]
    assert named(look(tmp_path, zipped({"data": text}), "agent.zip")) == {RUNS}
    many = {f"a{i}": {":serialized:": base64.b64encode(b"%d" % i).decode()} for i in range(1_100)}
    assert "more pickles" in look(tmp_path, json.dumps(many).encode(), "data.json").note


@pytest.mark.parametrize("name", ["model.json", "model.xml", "readme"])
def test_base64_elsewhere_counts_if_it_runs_something(tmp_path, name):
    head, tail = (b"<model><blob>", b"</blob></model>") if name.endswith("xml") else (b'{"blob": "', b'"}')
    for raw, value in ((BAD, 3), (pickle.dumps({"w": np.ones(9)}, 4), 0), (b"\x80\x04]garbled" * 9, 0)):
        finding = look(tmp_path, head + base64.b64encode(raw) + tail, name)
        assert (finding.value, finding.high) == (value, value)
