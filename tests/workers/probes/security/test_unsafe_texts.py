"""Settings that run a program are named in whatever spelling and whatever Unicode their readers take."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import yaml

from tests.workers.probes.security.artefacts import RUNS, zipped
from tests.workers.probes.security.test_unsafe_files import look, named
from workers.probes.security.unsafe_files import loose, tags
from workers.probes.security.unsafe_files.look import Look, Where

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")

# -- YAML ---------------------------------------------------------------------------------------------------
SPELLINGS = {
    "plain": "a: !!python/object/apply:NAME [{X: 1}]\n",
    "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:NAME> [{X: 1}]\n",
    "handle": "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\na: !p!NAME [{X: 1}]\n",
    "handle_cut_anywhere": "%TAG !p! tag:yaml.org,2002:pyth\n---\na: !p!on/object/apply:NAME [{X: 1}]\n",
    "first_handle": "%TAG ! tag:yaml.org,2002:python/object/apply:\n---\na: !NAME [{X: 1}]\n",
    "second_handle": "%TAG !! tag:yaml.org,2002:python/object/\n---\na: !!apply:NAME [{X: 1}]\n",
    "escaped_word": "a: !!pytho%6E/object/apply:NAME [{X: 1}]\n",
    "escaped_function": "a: !!python/object/%61pply:NAME [{X: 1}]\n",
    "escaped_directive": "%TAG !p! tag:yaml%2Eorg,2002:python/\n---\na: !p!object/apply:NAME [{X: 1}]\n",
    "escaped_verbatim": "a: !<t%61g:yaml.org,2002:pytho%6e/object/apply:NAME> [{X: 1}]\n",
    "taken_back": "%TAG !p! tag:yaml.org,2002:python/\n---\na: '\n%TAG !p! tag:me,2026:\n'\n"
    "b: !p!object/apply:NAME [{X: 1}]\n",
    "in_a_list": "a: [1,!!python/object/apply:NAME [{X: 1}]]\n",
    "behind_a_comment": "a: 1\n# words\u2028b: !!python/object/apply:NAME [{X: 1}]\n",
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_tag_that_builds_is_named_in_every_spelling_that_its_reader_takes(tmp_path, spelling):
    text = SPELLINGS[spelling].replace("NAME", "collections.Counter")
    assert "Counter" in repr(yaml.load(text, Loader=yaml.UnsafeLoader))
    finding = look(tmp_path, SPELLINGS[spelling].replace("NAME", "os.system").encode(), "net.yaml")
    assert (named(finding), finding.value) == ({RUNS}, 3)
    assert "python/object/apply:os.system" in finding.note


@pytest.mark.parametrize("code", UNICODE)
def test_a_tag_that_builds_is_named_in_every_unicode(tmp_path, code):
    text = "a: !!python/object/apply:os.system [id]\n".encode(code)
    assert named(look(tmp_path, text, "net.yaml")) == {RUNS}
    assert named(look(tmp_path, zipped({"m/MLmodel": text}), "net.zip")) == {RUNS}


@pytest.mark.parametrize(
    "text",
    [
        "%TAG !e! tag:example.com,2026:app/\n---\na: !e!net {size: 1}\nb: !local/python/object x\n",
        "%YAML 1.1\n---\na: !!float 3\nb: !!python/tuple [1]\nc: !<tag:yaml.org,2002:str> x\nd: !!set {}\n",
        "Resources:\n  Role: !Sub 'arn:${AWS::Region}'\n  Name: !GetAtt role.Arn\n  If: !If [a, !Ref b, c]\n",
        "motto: Hello!!os.path is a module, wow!!\nshare: 100%\n# %TAG !p! tag:yaml.org,2002:python/\n",
    ],
)
@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_plain_settings_stay_quiet(tmp_path, text, code):
    finding = look(tmp_path, text.encode(code), "net.yaml")
    assert (finding.facts["faults"], finding.high) == ([], 0)


def test_more_tags_than_can_be_followed_are_told_and_soon():
    heads = "".join(f"%TAG !p! tag:x,2026:{i}\n" for i in range(2_000))
    text = heads + "---\n" + "".join(f"- !p!x{i} 1\n" for i in range(2_000))
    began, found = time.process_time(), Look()
    assert loose.settings(found, text, Where("net.yaml"))
    assert time.process_time() - began < 3
    assert [hit.runs for hit in found.hits] == ["it has more tags than can be followed"]
    assert tags.built("a: !!python/name:os.system\n" * 9) == ["python/name:os.system"]


# -- JSON and templates -------------------------------------------------------------------------------------
LAMBDA = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {}}]}}
REACHES = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
HARMFUL = {
    "model.json": json.dumps(LAMBDA),
    "config.json": json.dumps({"auto_map": {"AutoModel": "modeling.Net"}}),
    "tokenizer_config.json": json.dumps({"chat_template": REACHES}),
    "chat.jinja": REACHES,
    "page.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
}


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("code", UNICODE)
def test_settings_of_a_model_are_read_in_every_unicode(tmp_path, name, code):
    data = HARMFUL[name].encode(code)
    assert named(look(tmp_path, data, name)) == {RUNS}
    assert named(look(tmp_path, zipped({"m/metadata.json": b"{}", f"m/{name}": data}), "net.zip")) == {RUNS}


@pytest.mark.parametrize("code", UNICODE)
def test_a_small_keras_archive_is_read_in_every_unicode(tmp_path, code):
    texts = {"config.json": json.dumps(LAMBDA).encode(code), "metadata.json": "{}".encode(code)}
    assert named(look(tmp_path, zipped(texts), "net.keras")) == {RUNS}


def test_words_that_json_writes_by_their_numbers_are_read(tmp_path):
    for name, word in (("config.json", "auto_map"), ("model.json", "class_name")):
        hidden = HARMFUL[name].replace(word, word.replace("a", r"\u0061"))
        assert json.loads(hidden) == json.loads(HARMFUL[name])
        assert named(look(tmp_path, hidden.encode(), name)) == {RUNS}


@pytest.mark.parametrize("code", UNICODE)
def test_honest_settings_stay_quiet_in_every_unicode(tmp_path, code):
    template = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}"
    dense = {"class_name": "Dense", "module": "keras.layers", "config": {"name": "größe", "units": 3}}
    for name, text in (
        ("tokenizer_config.json", json.dumps({"chat_template": template, "eos": "</s>", "x": "ĠÄ"})),
        ("model.json", json.dumps(dense, ensure_ascii=False)),
        ("notes.txt", "Trained on 3 July, größe and 日本語\n" * 20),
        ("rows.csv", "name;größe\nanna;3\n"),
        ("readme", "What this model is for, größe\n"),
    ):
        finding = look(tmp_path, text.encode(code), name)
        assert (finding.facts["faults"], finding.high) == ([], 0), (name, finding.facts["looked"])


def test_small_numbers_are_not_taken_for_text(tmp_path):
    counts = np.random.default_rng(0).integers(0xA00, 0x2000, 4000).astype("<u2")
    counts[0] = 65  # reads like "A" in UTF-16
    assert look(tmp_path, counts.tobytes(), "counts.bin").high == 3
