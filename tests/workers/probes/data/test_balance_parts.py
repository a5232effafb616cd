"""Classes that a group lacks, rows by their labels, and thin ends of a number to predict."""

from __future__ import annotations

import numpy as np

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import class_balance


def test_a_class_that_a_large_group_lacks_is_told(tmp_path):
    rng = np.random.default_rng(0)
    site = rng.choice(["a", "b", "c"], 900)
    label = np.where((rng.random(900) < 0.3) & (site != "b"), "ill", "well")
    finding = class_balance.run(
        prepared(tmp_path, {"site": list(site), "label": list(label)}, {"label": "binary"}), Budget()
    )
    told = [one for one in finding.facts["faults"] if "site" in one["columns"]]
    assert told[0]["note"] == "Classes of label that groups of site lack: b has no ill."
    assert told[0]["severity"] == "low"
    assert finding.facts["by_group"]["site"]["a"]["ill"] > 0


def test_rows_with_several_labels_are_counted(tmp_path):
    rng = np.random.default_rng(1)
    columns = {f"tag{k}": [str(v) for v in (rng.random(300) < 0.2).astype(int)] for k in range(4)}
    finding = class_balance.run(prepared(tmp_path, columns, dict.fromkeys(columns, "binary")), Budget())
    sets = finding.facts["label_sets"]
    assert sum(sets["rows_by_labels"].values()) == 300
    assert sets["without"] == sum(all(columns[c][i] == "0" for c in columns) for i in range(300))


def test_the_thin_end_of_a_number_is_told_and_an_even_one_is_not(tmp_path):
    rng = np.random.default_rng(2)
    long = [f"{v:.3f}" for v in rng.lognormal(0, 1.2, 3000)]
    even = [f"{v:.3f}" for v in rng.uniform(0, 9, 3000)]
    finding = class_balance.run(prepared(tmp_path / "a", {"price": long}, {"price": "regression"}), Budget())
    (fault,) = finding.facts["faults"]
    assert fault["fault"] == "few_rows"
    assert fault["classes"][0].startswith("above ")
    assert fault["severity"] == "low"
    even_one = class_balance.run(prepared(tmp_path / "b", {"price": even}, {"price": "regression"}), Budget())
    assert even_one.facts["faults"] == []


def test_odd_names_do_no_harm(tmp_path):
    columns = {'si"te': ["a", "b"] * 60, "cl'ass": ["x", "y", "x", "x"] * 30}
    finding = class_balance.run(prepared(tmp_path, columns, {"cl'ass": "binary"}), Budget())
    assert finding.state == "measured"
