"""The table of cases, each from its paragraph of the regulation."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from piispan.tagger.safe_harbor import age_or_category, three_digits, year_only

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[2] / "data" / "safe_harbor_cases.yaml").read_text("utf-8"))
PARAGRAPHS = {"date": "(b)(2)(i)(C)", "age": "(b)(2)(i)(C)", "zip": "(b)(2)(i)(B)"}


def applied(rule: str, value: str, before: str) -> str | None:
    match rule:
        case "date":
            return year_only(value, reference_year=2026, before=before)
        case "age":
            return age_or_category(value)
        case _:
            return three_digits(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['rule']} {case.get('before', '')}|{case['value']}")
def test_case(case: dict[str, Any]) -> None:
    assert applied(case["rule"], case["value"], case.get("before", "")) == case["expected"]


def test_the_table_is_whole() -> None:
    assert all(case["paragraph"] == PARAGRAPHS[case["rule"]] for case in CASES)
    assert min(Counter(case["rule"] for case in CASES).values()) >= 40
    doubles = Counter((case["rule"], case["value"], case.get("before")) for case in CASES)
    assert max(doubles.values()) == 1
