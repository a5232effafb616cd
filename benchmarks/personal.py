# ruff: noqa: E501 - tables read best with an entry a line
"""Personal data and secrets: what is found of what was planted, beside presidio and detect-secrets.

    python -m benchmarks.personal

Made-up people of many countries are put into texts of a shop and into short columns; the same texts and
columns go to presidio's pattern recognisers (all of them, no language model) and the same lines with secrets
to detect-secrets, each in an environment of its own under var/bench. A planted value counts as found when the
tool names its kind at its place; a false alarm is a span at no planted place, or a clean column that is named.
presidio is read twice: with everything it reports, and with what it is at least half sure of.
"""

from __future__ import annotations

import base64
import json
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tests.planting.people import IDENTIFIERS, People, Texts, clean_columns
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.security import personal_data, secrets
from workers.probes.security.secrets.patterns import found as secrets_in

ROOT = Path(__file__).parent.parent
HOME = ROOT / "var" / "bench" / "presidio"
PACKAGES = ("presidio-analyzer==2.2.366", "detect-secrets==1.5.0")
RESULT = Path(__file__).parent / "results" / "personal.json"
KINDS = ("email", "phone", "iban", "card", "national_id")
CHECKED = ("iban", "card", "national_id")  # have a check digit
SEEDS, ROWS, RARE = 3, 4_000, 0.001
DENSE_ROWS, DENSE = 500, 0.2
SETS = 20  # of texts, and of columns, with rare values
PEER_CELLS = 10  # of a clean column, which presidio reads one by one
PEER = """
import json, sys
import spacy
import presidio_analyzer.predefined_recognizers as known
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
    def load(self):
        pass
registry = RecognizerRegistry(supported_languages=["en"])
names = []
for name in sorted(dir(known)):
    made = getattr(known, name)
    if not isinstance(made, type) or not issubclass(made, EntityRecognizer):
        continue
    if any(word in name for word in ("Spacy", "Stanza", "Transformers", "GLiNER", "Azure", "Ahds", "Lang", "Date", "Url", "Crypto")):
        continue
    try:
        registry.add_recognizer(made(supported_language="en"))
        names.append(name)
    except Exception:
        pass
engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
asked = json.load(open(sys.argv[1]))
def spans(text):
    return [[r.start, r.end, r.entity_type, r.score] for r in engine.analyze(text=text, language="en")]
from detect_secrets.core import scan
from detect_secrets.settings import default_settings
with default_settings():
    lines = [any(True for part in line.splitlines() for _ in scan.scan_line(part)) for line in asked["lines"]]
json.dump({"texts": [spans(t) for t in asked["texts"]], "lines": lines, "recognizers": names,
           "columns": {n: [spans(c) for c in cells] for n, cells in asked["columns"].items()}}, open(sys.argv[2], "w"))
"""
PEER_KINDS = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IBAN_CODE": "iban", "CREDIT_CARD": "card"}
IGNORED = ("IP_ADDRESS", "MAC_ADDRESS", "URL", "CRYPTO", "US_BANK_NUMBER", "MEDICAL_LICENSE")  # not planted
Spans = set[tuple[int, int, int, str]]


def installed() -> Path | None:
    python = HOME / "bin" / "python"
    if not python.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", *PACKAGES], check=False, capture_output=True
    )
    return None if done.returncode else python


def ours(texts: list[str], name: str = "text") -> tuple[Spans, float]:
    """Spans that our probe finds in a column of these texts, and its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        sample = prepared(Path(folder), {name: texts}, types={name: "text"}, kind="text")
        began = time.process_time()
        facts = personal_data.run(sample, Budget(120)).facts
        busy = time.process_time() - began
    return {(s["row"], s["start"], s["end"], s["kind"]) for s in facts["spans"]}, busy


def peers_spans(answer: list[list[list[Any]]], least: float) -> Spans:
    return {
        (row, start, end, PEER_KINDS.get(kind, "national_id"))
        for row, spans in enumerate(answer) for start, end, kind, score in spans
        if score >= least and kind not in IGNORED
    }  # fmt: skip


def recall(true: Spans, said: Spans, kinds: Iterable[str], *, exact: bool = False) -> float:
    wanted = [one for one in true if one[3] in kinds]
    by_row: dict[int, list[tuple[int, int, str]]] = {}
    for row, start, end, kind in said:
        by_row.setdefault(row, []).append((start, end, kind))
    hits = sum(
        one in said if exact else any(
            s < one[2] and one[1] < e and kind == one[3] for s, e, kind in by_row.get(one[0], ())
        )
        for one in wanted
    )  # fmt: skip
    return hits / max(1, len(wanted))


def alarms(true: Spans, said: Spans) -> int:
    """Spans at no planted place."""
    places: dict[int, list[tuple[int, int]]] = {}
    for row, start, end, _ in true:
        places.setdefault(row, []).append((start, end))
    return sum(
        not any(s < end and start < e for s, e in places.get(row, ()))
        for row, start, end, kind in said
        if kind in KINDS
    )


def short_cells(seed: int, rows: int = ROWS) -> Texts:
    """A column of short codes in which one cell in a thousand is a whole value of one kind."""
    people = People(100 + seed)
    kind = KINDS[seed % len(KINDS)]
    made = Texts([f"lot {people.rng.integers(100, 999)}" for _ in range(rows)])
    country = people.one_of(list(IDENTIFIERS))
    for row in people.rng.choice(rows, round(RARE * rows), replace=False).tolist():
        loc, method = IDENTIFIERS[country]
        value = str(getattr(people.fakes[loc], method)()) if kind == "national_id" else people.value(kind)
        made.texts[row] = value
        made.spans.add((row, 0, len(value), kind))
    return made


def harmless_lines(rng: np.random.Generator) -> list[str]:
    """Hashes, commits, identifiers, pictures and long codes, none of them secret."""
    makers = (
        lambda: rng.bytes(16).hex(), lambda: f"commit {rng.bytes(20).hex()}", lambda: f"sha256:{rng.bytes(32).hex()}",
        lambda: str(uuid.UUID(bytes=rng.bytes(16))), lambda: f"id = '{uuid.UUID(bytes=rng.bytes(16))}'",
        lambda: "data:image/png;base64,iVBORw0KGgo" + base64.b64encode(rng.bytes(90)).decode(),
        lambda: f'etag: "{rng.bytes(16).hex()}"', lambda: f"ORDER-{rng.integers(10**15, 10**16)}",
        lambda: f"session {base64.b64encode(rng.bytes(24)).decode()}", lambda: "please reset my password, it is incorrect",
        lambda: f"checksum='{rng.bytes(20).hex()}'",
    )  # fmt: skip
    return [makers[i % len(makers)]() for i in range(330)]


def main() -> None:
    figures: list[dict[str, Any]] = []

    def line(name: str, bar: str, value: float, reached: bool) -> None:
        figures.append({"name": name, "bar": bar, "value": round(value, 4), "reached": bool(reached)})
        print(f"{name}: {value:.4g} ({bar})", flush=True)

    rare = [People(seed).texts(ROWS, RARE) for seed in range(SETS)]
    dense = [People(50 + seed).texts(DENSE_ROWS, DENSE) for seed in range(SEEDS)]
    cells = [short_cells(seed) for seed in range(SETS)]
    clean = {f"{name}_{seed}": values for seed in range(SEEDS)
             for name, values in clean_columns(np.random.default_rng(seed), 200).items()}  # fmt: skip
    people = People(77)
    lines, plain = [people.secret() for _ in range(320)], harmless_lines(np.random.default_rng(0))

    for what, sets in (("texts", rare), ("short columns", cells)):
        said = [ours(one.texts)[0] for one in sets]
        for kinds, bar in ((CHECKED, 0.99), (("email",), 0.95), (("phone",), 0.95)):
            of = sum(len([s for s in one.spans if s[3] in kinds]) for one in sets)
            hit = sum(recall(one.spans, two, kinds) * len([s for s in one.spans if s[3] in kinds])
                      for one, two in zip(sets, said, strict=True))  # fmt: skip
            line(
                f"0.1 % of cells in {what}: {', '.join(kinds)}, recall",
                f">= {bar}",
                hit / of,
                hit / of >= bar,
            )
        wrong = sum(alarms(one.spans, two) for one, two in zip(sets, said, strict=True))
        line(
            f"0.1 % of cells in {what}: false alarms in {len(sets) * ROWS:,} cells", "<= 8", wrong, wrong <= 8
        )
    mine = [ours(one.texts) for one in dense]
    for kinds, bar in ((CHECKED, 0.99), (("email", "phone"), 0.95)):
        got = np.mean(
            [recall(one.spans, two, kinds, exact=True) for one, (two, _) in zip(dense, mine, strict=True)]
        )
        line(
            f"a fifth of the texts: {', '.join(kinds)}, right to the character", f">= {bar}", got, got >= bar
        )
    with tempfile.TemporaryDirectory() as folder:
        named = personal_data.run(prepared(Path(folder), clean), Budget(120)).facts["columns"]
    most = len(clean) // 50
    line(f"clean columns named, of {len(clean)}", f"<= {most}", len(named), len(named) <= most)
    our_secrets = float(np.mean([any(True for _ in secrets_in(text)) for _, text in lines]))
    our_wrong = sum(any(True for _ in secrets_in(text)) for text in plain)
    line("secrets found", ">= 0.98", our_secrets, our_secrets >= 0.98)
    line(f"harmless lines taken for secrets, of {len(plain)}", "<= 0", our_wrong, our_wrong == 0)
    with tempfile.TemporaryDirectory() as folder:
        found = secrets.run(prepared(Path(folder), clean), Budget(120)).value
    line(f"secrets found in {len(clean)} clean columns", "<= 0", found or 0.0, not found)

    python = installed()
    if python is None:
        print("presidio and detect-secrets cannot be installed here; they are left out.")
    else:
        beside(python, dense, mine, clean, len(named), lines, plain, (our_secrets, our_wrong), line)
    told = {
        "what": "personal data and secrets, beside presidio's patterns and detect-secrets",
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "figures": figures,
    }
    RESULT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def beside(python: Path, dense: list[Texts], mine: list[tuple[Spans, float]], clean: dict[str, list[str]], named: int,
           lines: list[tuple[str, str]], plain: list[str], secret: tuple[float, int], line: Any) -> None:  # fmt: skip
    """The peers on the same texts, columns and lines."""
    asked = {
        "texts": [text for one in dense for text in one.texts],
        "columns": {name: values[:PEER_CELLS] for name, values in clean.items()},
        "lines": [text for _, text in lines] + plain,
    }
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "asked.json", Path(folder) / "told.json"
        question.write_text(json.dumps(asked), "utf-8")
        subprocess.run([str(python), "-c", PEER, str(question), str(answer)], check=True, capture_output=True)
        told = json.loads(answer.read_text("utf-8"))
    true = {(i * DENSE_ROWS + r, s, e, k) for i, one in enumerate(dense) for r, s, e, k in one.spans}
    said = {(i * DENSE_ROWS + r, s, e, k) for i, (one, _) in enumerate(mine) for r, s, e, k in one}
    our_recall, our_alarms = recall(true, said, KINDS), alarms(true, said)
    for how, least in (("everything", 0.0), ("at least half sure", 0.5)):
        theirs = peers_spans(told["texts"], least)
        got, wrong = recall(true, theirs, KINDS), alarms(true, theirs)
        line(
            f"recall of all kinds, presidio {how}: {got:.3f}; ours",
            f"> {got:.3f}",
            our_recall,
            our_recall > got,
        )
        line(f"false alarms in {len(asked['texts']):,} texts, presidio {how}: {wrong}; ours", f"<= {wrong}", our_alarms,
             our_alarms <= wrong)  # fmt: skip
        columns = sum(
            np.mean([any(s[3] >= least and s[2] not in IGNORED for s in cell) for cell in cells]) > 0.5
            for cells in told["columns"].values()
        )
        line(
            f"clean columns named, presidio {how}: {columns}; ours", f"<= {columns}", named, named <= columns
        )
    known = told["lines"][: len(lines)]
    got, wrong = float(np.mean(known)), sum(told["lines"][len(lines) :])
    line(f"secrets found, detect-secrets: {got:.3f}; ours", f">= {got:.3f}", secret[0], secret[0] >= got)
    line(
        f"harmless lines taken for secrets, detect-secrets: {wrong}; ours",
        f"<= {wrong}",
        secret[1],
        secret[1] <= wrong,
    )


if __name__ == "__main__":
    main()
