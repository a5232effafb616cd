"""The benchmark of the score: tables that rise, clean sets that are clean, a check that notices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml

from benchmarks.validity import check, judged, page, runs, tables
from benchmarks.validity.bases import BASES
from benchmarks.validity.faults import BY_NAME, FAULTS

FLIPS = BY_NAME["label flips"]


def run(base, dose, score, seed=0, fault=FLIPS):
    level = "high" if score >= 60 else "low"
    return {"fault": fault.name, "base": base, "dose": dose, "seed": seed, "probe": fault.probe,
            "state": "measured", "score": score, "level": level}  # fmt: skip


def suite(scores, seed=0):
    """Runs of four bases: ``scores`` of a dose, with some luck."""
    rng = np.random.default_rng(seed)
    return [
        run(base, dose, float(np.clip(scores(dose) + rng.normal(0, 8), 0, 100)), again)
        for base in ("wine", "iris", "moons", "teacher")
        for again in range(5)
        for dose in (None, *FLIPS.doses)
    ]


def rising(dose):
    return 10.0 if dose is None else 20 + 60 * min(1.0, 10 * dose)


def test_every_fault_has_five_doses_and_harm_in_some_of_them():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 18
    for fault in FAULTS:
        harmful = [fault.harmed(dose) for dose in fault.doses]
        assert len(harmful) == 5
        assert any(harmful)
        assert fault.harmed(fault.first)
        assert not fault.harmed(None)
        assert sum(fault.fits(base) for base in BASES) >= 3, fault.name


def test_the_clean_sets_are_of_every_kind():
    assert len([base for base in BASES if base.kind in runs.COMMON]) >= 12
    assert {base.kind for base in BASES} >= set(runs.COMMON)


@pytest.mark.parametrize(
    "fault", [f for f in FAULTS if f.name not in ("unsafe files",)], ids=lambda f: f.name
)
def test_the_strongest_dose_is_another_upload_and_the_same_one_each_time(fault):
    base = next(base for base in BASES if fault.fits(base) and base.name != "digits")
    faulty, again = (fault.data(base, fault.doses[-1], 3) for _ in range(2))
    assert faulty == again
    assert faulty != fault.data(base, fault.calm, 3)


def test_a_table_rises_and_stays_within_twenty_to_one():
    table = tables.fitted(suite(rising))
    assert table is not None
    assert list(table.log_ratio) == sorted(table.log_ratio)
    assert len(table.log_ratio) == len(table.edges) + 1
    assert -3 <= table.log_ratio[0] < -1
    assert 1 < table.log_ratio[-1] <= 3
    assert table.auc > 0.9
    assert table.bases == 4


def test_the_table_of_a_score_that_tells_nothing_says_nothing():
    table = tables.fitted(suite(lambda dose: 50.0))
    assert table is not None
    assert max(map(abs, table.log_ratio)) < 1
    assert table.auc < 0.65


def test_too_few_runs_make_no_table():
    assert tables.fitted(suite(rising)[:10]) is None


def test_a_fault_with_many_runs_counts_no_more_than_one_with_few():
    other = BY_NAME["pair flips"]
    few = [run(base, dose, 5.0, fault=other) for base in ("wine", "iris") for dose in (None, *other.doses)]
    weight = tables.weights(found := suite(rising) + few)
    for harm in (True, False):
        sums = [
            sum(w for w, one in zip(weight, found, strict=True)
                if one["fault"] == name and tables.harmed(one) == harm)
            for name in (FLIPS.name, other.name)
        ]  # fmt: skip
        assert sums[0] == pytest.approx(sums[1])


def test_the_file_is_what_the_score_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FILE", tmp_path / "likelihoods.yaml")
    tables.write(suite(rising))
    told = yaml.safe_load((tmp_path / "likelihoods.yaml").read_text("utf-8"))
    entry = told["probes"][FLIPS.probe]
    assert set(entry) == {"edges", "log_ratio", "auc", "harm", "calm", "bases"}
    assert (entry["harm"], entry["calm"], told["runs"]) == (80, 40, 120)


def test_what_is_told_of_a_base_was_learnt_from_the_others():
    found = suite(rising)
    odd = [dict(one, score=100 - one["score"]) if one["base"] == "wine" else one for one in found]
    assert judged.Pooled(odd).learnt["wine"][0] == judged.Pooled(found).learnt["wine"][0]
    assert judged.Pooled(odd).learnt["iris"][0] != judged.Pooled(found).learnt["iris"][0]


def test_an_interval_is_held_against_the_known_truth():
    held = [dict(run("wine", dose, 50), low=dose - 0.01, high=dose + 0.01) for dose in FLIPS.doses]
    beside = [dict(one, low=one["low"] + 0.02, high=one["high"] + 0.02) for one in held[:2]]
    assert judged.of_fault(FLIPS, held + beside, judged.Pooled([]))["covered"] == pytest.approx(
        5 / 7, abs=1e-3
    )


def test_a_clean_set_with_one_high_check_is_a_false_alarm():
    calm = {"fault": judged.CLEAN, "base": "wine", "seed": 0, "dose": None, "score": 5.0, "level": "minimal"}
    alarm = dict(calm, base="iris", probe="data.drift", score=70.0, level="high")
    told = judged.reports([calm, alarm, dict(alarm, probe="data.missing", score=5.0, level="minimal")])
    assert (told["reports"], told["with_high"], told["share"]) == (2, 1, 0.5)
    assert told["which"] == {"iris, seed 0": ["data.drift"]}


@pytest.mark.parametrize(
    ("own", "other", "right"),
    [(70.0, 20.0, True), (20.0, 70.0, False), (70.0, 70.0, False), (5.0, 0.0, False)],
)
def test_a_fault_is_told_apart_where_it_raises_its_own_check_alone(own, other, right):
    seen = {FLIPS.probe: own, "data.drift": other}
    here = {"fault": FLIPS.name, "seed": 0, "level": "minimal"}
    found = [
        {**here, "base": "wine", "dose": dose, "probe": probe, "score": 5.0 if dose is None else score}
        for probe, score in seen.items()
        for dose in (None, FLIPS.doses[-1])
    ]
    # In other rows, and in another dose, nobody compared the two.
    found += [dict(found[1], base="iris", score=99.0), dict(found[1], dose=FLIPS.doses[0], score=99.0)]
    told = judged.crossed(found)[FLIPS.name]
    assert told["right"] is right
    assert told["own"] == own - 5
    assert told["most"] == (FLIPS.probe if right else "data.drift")


def test_the_page_says_what_misses_its_bar():
    told = page.report(suite(lambda dose: 95.0 if dose is None else rising(dose)), 120)
    assert {one["fault"] for one in told["faults"]} == {FLIPS.name}
    assert any(not one["reached"] for one in told["figures"])
    text = page.page(told)
    assert "**1.00**" in text  # every clean twin is called high
    assert f"- Clean called high, bar <= 0.05: {FLIPS.name} (1.00)." in text
    assert "count in no figure" not in text


def test_faulty_runs_without_a_score_are_counted_on_the_page():
    found = suite(rising)
    quiet = [dict(one, score=None) if one["dose"] == FLIPS.doses[-1] else one for one in found]
    told = page.report(quiet, len(quiet))
    none, of = told["unscored"][FLIPS.probe]
    assert 0 < none < of == sum(one["dose"] is not None for one in found)
    assert f"`{FLIPS.probe}` ({none} of {of})." in page.page(told)


def test_a_figure_that_just_misses_its_bar_is_not_rounded_onto_it():
    assert page._said("auc", {"auc": 0.896}) == "0.896"
    assert page._said("auc", {"auc": 0.904}) == "0.90"
    assert page._said("clean_high", {"clean_high": 0.054}) == "0.054"


# -- the check --------------------------------------------------------------------------------------------
def test_the_check_sees_a_score_that_was_flattened_and_a_new_alarm():
    jobs = [job for job in check.subset() if job.fault == FLIPS.name]
    sound = [dict(run(job.base, job.dose, rising(job.dose)), seed=job.seed) for job in jobs]
    before = check.summary(sound)
    assert check.worse(before, before) == []
    flat = check.worse(check.summary([dict(one, score=30.0) for one in sound]), before)
    assert [line.partition(":")[0] for line in flat] == [FLIPS.name] * 3  # the mean, the share, the AUC
    loud = [dict(one, level="high") if one["dose"] is None else one for one in sound]
    assert "called high" in check.worse(check.summary(loud), before)[0]
    assert check.worse({}, before) == [f"{FLIPS.name}: not measured any more"]


def test_the_check_fails_where_a_probe_is_flattened(monkeypatch, capsys):
    """With real runs: the probe is measured, and then it is made to see nothing."""
    few = [job for job in check.subset() if job.fault == "copies"][:3]
    monkeypatch.setattr(check, "subset", lambda: few)
    monkeypatch.setattr(check, "measured", lambda processes: [runs.measure(job) for job in few])
    monkeypatch.setattr(check, "EXPECTED", _written(check.summary(check.measured(1))))
    assert check.check(1) == 0
    sees, nothing = runs.found, {"duplicates": 0}
    monkeypatch.setattr(
        runs, "found", lambda *given: replace(sees(*given), value=0.0, low=0.0, high=0.0, facts=nothing)
    )
    assert check.check(1) == 1
    assert "copies:" in capsys.readouterr().out


def _written(told):
    class Held:
        def read_text(self, _encoding):
            import json

            return json.dumps(told)

    return Held()


def test_what_is_expected_is_written_down_for_every_fault_of_the_check():
    told = yaml.safe_load(check.EXPECTED.read_text("utf-8"))
    assert set(told) == {job.fault for job in check.subset()}


def test_runs_are_kept_with_the_code_and_of_two_the_later_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "KEPT", tmp_path / "runs.jsonl.gz")
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs.jsonl")
    assert runs.done() == {}
    runs.RUNS.write_text('{"id": "b", "score": 1}\n{"id": "a", "score": 2}\n')
    runs.keep()
    first = runs.KEPT.read_bytes()
    runs.RUNS.write_text('{"id": "b", "score": 3}\n')
    assert {name: one["score"] for name, one in runs.done().items()} == {"a": 2, "b": 3}
    runs.RUNS.unlink()
    assert runs.done()["b"]["score"] == 1
    runs.keep()
    assert runs.KEPT.read_bytes() == first
