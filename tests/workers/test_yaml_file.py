"""The project's own YAML files, read fast."""

from __future__ import annotations

import pytest
import yaml

from tests.conftest import ROOT
from workers import yaml_file

FILES = sorted(path for folder in ("assessments", "workers") for path in (ROOT / folder).rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_the_plain_parser_reads(path):
    assert repr(yaml_file.read(path)) == repr(yaml.safe_load(path.read_text("utf-8")))


def test_a_file_makes_no_objects(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("a: !!python/object/apply:os.getcwd []")
    with pytest.raises(yaml.YAMLError):
        yaml_file.read(file)
