"""What to find out next: does the first suggestion narrow the overall range more than the last one?

    python -m benchmarks.next_evidence

Random projects, from hardly anything known to all of it. The first and the last suggestion are both carried
out: each gets a result that today's judgement holds likely, by the same random numbers, and the project is
judged again.
"""

from __future__ import annotations

import json
import platform
import statistics
from datetime import UTC, datetime
from pathlib import Path

from tests.assessments.scoring import carried_out

RESULT = Path(__file__).parent / "results" / "next_evidence.json"
FEW, MANY, REPEATS = 100, 300, 4


def main() -> None:
    once = {case: carried_out.narrowed(case) for case in range(MANY)}
    pairs = {case: pair for case, pair in once.items() if pair is not None}
    first = [pair for case, pair in pairs.items() if case < FEW]
    means = []
    for case in [case for case in pairs if case < FEW]:
        again = [carried_out.narrowed(case, repeat) or (0.0, 0.0) for repeat in range(REPEATS)]
        means.append(tuple(statistics.mean(pair[place] for pair in again) for place in (0, 1)))
    figures = [
        _figure(f"first >= last, one result each, of {len(first)} projects", first),
        _figure(f"the same of {len(pairs)} projects", list(pairs.values())),
        _figure(f"first >= last in the mean of {REPEATS} results, of {len(means)} projects", means),
    ]
    result = {
        "what": "what to find out next, carried out: points of the overall range",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version()},
        "figures": figures,
        "mean_points": {
            "first": round(statistics.mean(pair[0] for pair in pairs.values()), 2),
            "last": round(statistics.mean(pair[1] for pair in pairs.values()), 2),
        },
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def _figure(name: str, pairs: list[tuple[float, ...]]) -> dict[str, object]:
    share = sum(first >= last for first, last in pairs) / len(pairs)
    return {"name": name, "bar": ">= 0.9", "value": round(share, 3), "reached": share >= 0.9}


if __name__ == "__main__":
    main()
