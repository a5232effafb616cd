"""The questionnaire is complete, plain and forgiving; an answer is canonical or says what to enter."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import questions
from assessments.questions import AnswerError
from assessments.scoring import rules
from workers.probes import catalog

RULES = rules.load()
COUNTS = {"context": 9, "data": 10, "security": 9, "hardware": 9, "flexibility": 8, "hyperparameters": 9}
LETTERS = dict(zip(COUNTS, "CDSHFP", strict=True))

ids = pytest.mark.parametrize("asked", questions.ALL, ids=lambda asked: asked.id)


def some_answer(asked):
    """An answer that the question accepts."""
    if asked.options:
        first = asked.options[0].value
        return [first] if asked.type == "choices" else first
    values = {part.name: part.options[0].value if part.options else part.like for part in asked.parts}
    return values if asked.type == "parts" else next(iter(values.values()))


def test_there_are_54_questions_in_six_sections_and_24_on_the_fast_path():
    assert {name: len(found) for name, found in questions.by_section().items()} == COUNTS
    assert sum(asked.starred for asked in questions.ALL) == 24
    assert [asked.id for asked in questions.ALL] == [
        f"{LETTERS[section]}{n}" for section in COUNTS for n in range(1, COUNTS[section] + 1)
    ]


@ids
def test_a_question_is_a_plain_sentence_with_a_short_hint(asked):
    assert asked.ask.endswith("?")
    assert asked.ask[0].isupper()
    assert 1 <= len(re.findall(r"[.?!](?:\s|$)", asked.hint)) <= 2
    assert asked.why.endswith(".")
    assert asked.where.endswith(".")
    assert asked.used_in


@ids
def test_every_answer_can_be_given_in_each_of_its_forms(asked):
    known = questions.clean(asked.id, some_answer(asked))
    assert set(known) == {"value"}
    assert questions.clean(asked.id, known) == known
    assert questions.in_words(asked.id, known)
    assert questions.clean(asked.id, {"unknown": True, "note": " who  knows "}) == {
        "unknown": True,
        "note": "who knows",
    }
    assert questions.clean(asked.id, {"not_applicable": "one site only"})
    for low, high in asked.ranges:
        rough = questions.clean(asked.id, {"roughly": [low, high]})
        assert rough == {"roughly": [low, high]}
        assert ("or more" in questions.in_words(asked.id, rough)) == (high is None)


@ids
def test_the_rules_know_every_answer_of_a_scored_question(asked):
    rule = {**RULES.data["answers"], **RULES.data["stakes"]}.get(asked.id)
    if rule is None:
        assert asked.id in {"C5", "C6", "C7", "C8", "D10"}, "a question without a rule changes nothing"
        return
    if asked.options:
        assert set(rule["options"]) == {option.value for option in asked.options}
    for part in asked.parts:
        entry = rule.get("fields", {}).get(part.name, rule)
        if part.options:
            assert set(entry["options"]) == {option.value for option in part.options}


@ids
def test_what_supersedes_an_answer_is_a_probe_by_name(asked):
    for probe in asked.measured_by:
        assert probe in catalog.BY_ID or probe.partition(".")[0] in COUNTS


def test_every_scored_question_belongs_to_exactly_one_item():
    asked = [name for item in RULES.items for name in item.questions]
    assert sorted(asked) == sorted(RULES.data["answers"])
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(
    ("id", "answer", "sentence"),
    [
        ("D2", {"total": "about 18k"}, "Enter the number of labelled examples as a whole number, like 18400"),
        (
            "D2",
            {"value": {"rarest": 3}},
            "Enter the number of labelled examples as a whole number, like 18400",
        ),
        ("H4", 2.5, "Enter the number of training runs as a whole number, like 20"),
        ("H4", float("nan"), "Enter the number of training runs as a whole number, like 20"),
        ("H4", float("inf"), "Enter the number of training runs as a whole number, like 20"),
        ("H4", 10**400, "Enter the number of training runs as a whole number, like 20"),
        ("H4", True, "Enter the number of training runs as a whole number, like 20"),
        ("H4", "-3", "It cannot be below 0."),
        ("C7", {"date": "soon"}, "Enter the date as year-month-day, like 2027-03-31"),
        ("D1", "perhaps", "Choose one of: yes, agreed, collect."),
        ("D1", None, "Choose one of: yes, agreed, collect."),
        ("D1", {}, "Choose one of: yes, agreed, collect."),
        ("D1", {"value": "yes", "unknown": True}, "Give one of value, roughly, unknown or not_applicable."),
        ("D1", {"value": "yes", "colour": "red"}, "Give one of value, roughly, unknown or not_applicable."),
        ("D1", {"roughly": [1, 2]}, "This question takes no range."),
        ("D2", {"roughly": [30, 10]}, "as a range from low to high"),
        ("D2", {"roughly": [-1, 10]}, "as a range from low to high"),
        ("D9", {"not_applicable": True}, "Say in a few words why this does not apply."),
        ("D9", {"unknown": "perhaps"}, "unknown can only be true."),
        ("S1", ["none", "health"], 'Choose either "None of these" or the others, not both.'),
        ("S9", ["minutes"], "Choose one of: minutes, hours, days, nobody."),
        ("C5", {"metric": "x" * 3000, "value": 1}, "at most 2000 characters"),
        ("X1", "yes", "There is no question X1. The ids run from C1 to P9."),
    ],
)
def test_a_wrong_answer_says_what_to_enter(id, answer, sentence):
    with pytest.raises(AnswerError) as caught:
        questions.clean(id, answer)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("id", "answer", "value"),
    [
        ("H4", " 20 ", 20),
        ("H4", "18,400", 18400),
        ("H4", "18 400", 18400),
        ("H5", 0, 0),
        ("H7", "1.5", 1.5),
        ("P2", False, "no"),
        ("D1", True, "yes"),
        ("D1", "Not yet, but the delivery is agreed", "agreed"),
        ("S1", "none", ["none"]),
        ("C5", {"metric": "recall", "value": "0.9"}, {"metric": "recall", "value": 0.9}),
    ],
)
def test_numbers_and_choices_are_read_as_people_write_them(id, answer, value):
    assert questions.clean(id, answer) == {"value": value}


def test_an_answer_file_may_be_json_or_yaml_and_short():
    expected = {"C7": {"value": {"date": "2027-01-01"}}, "D1": {"value": "yes"}, "P2": {"value": "no"}}
    assert questions.read("P2: no\nD1: yes\nC7: {date: 2027-01-01}\n", "a.yaml") == expected
    assert questions.read(json.dumps({"answers": expected}).encode(), "a.json") == expected
    assert list(questions.read("P2: no\nD1: yes", "a.yaml")) == ["D1", "P2"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x [1]\nb: *x", "alias"),
        ("D1: yes\nD1: no", "D1 stands in it twice"),
        ('{"D1": "yes", "D1": "no"}', "D1 stands in it twice"),
        ('{"D1": 1', "not valid JSON: line 1"),
        ("D1: [", "not valid YAML: line 1"),
        ("[1]", "must be a mapping of ids to their answers"),
        ("", "must be a mapping of ids to their answers"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        ("x" * 300_000, "larger than 256 KB"),
        ("{" * 5000 + '"a"', "answers.txt"),
        ("[" * 5000, "answers.txt"),
        ("D1: !!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
)
def test_a_file_that_holds_no_answers_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(AnswerError) as caught:
        questions.read(text, "answers.txt")
    assert sentence in str(caught.value)


def test_everything_wrong_in_a_file_is_named_at_once():
    with pytest.raises(AnswerError) as caught:
        questions.read("D1: perhaps\nQ4: 1\nH4: many", "a.yaml")
    assert caught.value.sentences == [
        "a.yaml, D1: Choose one of: yes, agreed, collect.",
        "a.yaml: There is no question Q4. The ids run from C1 to P9.",
        "a.yaml, H4: Enter the number of training runs as a whole number, like 20",
    ]


def test_progress_counts_every_kind_of_answer():
    answers = {"D1": {"value": "yes"}, "D3": {"unknown": True}, "F1": {"not_applicable": "one task"}}
    states = {one.section.id: one.state for one in questions.progress(answers)}
    assert states["data"] == "2 of 10 answered"
    assert states["flexibility"] == "1 of 8 answered"
    assert states["security"] == "Not started"
    done = questions.progress({asked.id: {"unknown": True} for asked in questions.ALL})
    assert {one.state for one in done} == {"Completed"}
    assert sum(one.starred_of for one in done) == 24


KEYS = ("value", "roughly", "unknown", "not_applicable", "total", "x")
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)


@given(st.sampled_from(questions.ALL), anything)
def test_whatever_is_given_is_canonical_or_refused_with_a_sentence(asked, answer):
    try:
        cleaned = questions.clean(asked.id, answer)
    except AnswerError as error:
        sentence = str(error)
    else:
        sentence = questions.in_words(asked.id, cleaned)
        assert questions.clean(asked.id, cleaned) == cleaned
        json.dumps(cleaned, allow_nan=False)
    assert sentence
