"""The lists of personal data and of secrets: what stands beside the rows has its place too, and is masked."""

from __future__ import annotations

from assessments.dashboards import figures


def rows(probe: str, **facts):
    (listing,) = figures.of({"probe": probe, "state": "measured", "facts": facts, "title": "t", "note": "n"})
    return listing.table.rows


def test_what_stands_in_the_plan_and_in_headers_is_listed_after_the_columns():
    column = {"column": "mail", "kind": "email", "rows": 9, "share": 0.5, "example": "a***@***"}
    beside = [{"where": "plan", "key": "notify.mail", "kind": "email", "example": "b***@***"}]
    found = rows("security.personal_data", by_column=[column], elsewhere=beside)
    assert [(row[0], row[4]) for row in found] == [("mail", "a***@***"), ("Plan: notify.mail", "b***@***")]
    assert rows("security.personal_data", elsewhere=beside)[0][2:4] == ("", "")
    assert figures.of({"probe": "security.personal_data", "state": "measured", "facts": {}}) == []


def test_a_secret_in_the_plan_is_called_by_its_maker():
    beside = [
        {"where": "plan", "key": "llm", "kind": "anthropic", "what": "Anthropic keys", "example": "sk-***"}
    ]
    assert rows("security.secrets", elsewhere=beside)[0][:2] == ("Plan: llm", "Anthropic keys")


def test_on_a_phone_the_examples_stand_below_each_other_where_a_cell_is_too_long_to_stand_beside():
    def table(example: str):
        column = {"column": "notes", "kind": "aws", "count": 3, "what": "AWS keys", "example": example}
        return figures.of({"probe": "security.secrets", "state": "measured", "facts": {"by_column": [column]},
                           "title": "t", "note": "n"})[0].table  # fmt: skip

    assert table("AKIA************MPLE************").labels
    assert not table("A***").labels
