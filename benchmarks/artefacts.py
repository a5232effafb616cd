"""The probe of unsafe files beside picklescan, on the same harmful and honest files.

    python -m benchmarks.artefacts

The files are those of the tests (``tests/workers/probes/security/artefacts.py``): over a hundred harmful ones
in many dresses and several dozen honest checkpoints, made on the spot and never loaded. Counted is which are
named: by the probe with the fault that is in them, by picklescan with what it calls dangerous, and with what
it calls dangerous or suspicious. A harmful file that it fails on counts as named, which is more than it
claims; an honest one that it fails on does not. Many dresses are none of its business (Keras, ONNX), so its
recall is also told on the files that it reads at all. picklescan (MIT) is installed into an environment of
its own under var/bench.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers import HOMES

RESULT = Path(__file__).parent / "results" / "artefacts.json"
PEER = ("picklescan", "picklescan==1.0.5")
CODE = """
import json, sys
from pathlib import Path
from picklescan.scanner import SafetyLevel, scan_file_path
said = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        found = scan_file_path(str(path))
        levels = [one.safety for one in found.globals]
        said[path.name] = {
            "dangerous": SafetyLevel.Dangerous in levels, "suspicious": SafetyLevel.Suspicious in levels,
            "error": bool(found.scan_err), "scanned": found.scanned_files,
        }
    except Exception as error:
        said[path.name] = {"dangerous": False, "suspicious": False, "error": True, "scanned": 0}
print(json.dumps(said))
"""

WAYS = {"dangerous": ("dangerous",), "dangerous or suspicious": ("dangerous", "suspicious")}


def corpus(folder: Path) -> dict[str, str]:
    """Writes every file; -> stored name -> the fault it has, "" for an honest one."""
    from tests.workers.probes.security import artefacts, honest_artefacts

    truth = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = [(one.name, one.data, one.fault) for one in artefacts.harmful(folder.parent / "canary")]
        files += [(f"honest_{name}", data, "") for name, data in honest_artefacts.honest().items()]
    for name, data, fault in files:
        (folder / name).write_bytes(data)
        truth[name] = fault
    return truth


def ours(folder: Path, truth: Mapping[str, str]) -> dict[str, Any]:
    from workers.probes.base import Budget, Sample, Upload
    from workers.probes.security import unsafe_files

    named, began = {}, time.process_time()
    for name in truth:
        sample = Sample(uploads=(Upload(folder / name, name, artefact=True),))
        faults = unsafe_files.run(sample, Budget(60)).facts["faults"]
        named[name] = [fault["fault"] for fault in faults]
    return {"named": named, "cpu_seconds": round(time.process_time() - began, 2)}


def picklescan(folder: Path) -> dict[str, Any] | None:
    """What the peer says of each file; None where it cannot be installed."""
    python = HOMES / PEER[0] / "bin" / "python"
    if not python.exists():
        HOMES.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
    if subprocess.run([str(python), "-m", "pip", "install", "-q", PEER[1]], check=False).returncode:
        return None
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [str(python), "-c", CODE, str(folder)], stdout=out, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        out.seek(0)
        lines = out.read().strip().splitlines()
    if status or not lines:
        return None
    return {"said": json.loads(lines[-1]), "cpu_seconds": round(used.ru_utime + used.ru_stime, 2)}


def judged(
    truth: Mapping[str, str], mine: Mapping[str, Any], peer: Mapping[str, Any] | None
) -> dict[str, Any]:
    harmful = [name for name, fault in truth.items() if fault]
    runs = [name for name in harmful if truth[name] == "executable_content"]
    honest = [name for name, fault in truth.items() if not fault]
    named, said = mine["named"], (peer or {}).get("said", {})
    read = [name for name in runs if said and said[name]["scanned"]]
    right = [name for name in harmful if truth[name] in named[name]]
    figures = [
        _figure("harmful files named with the right fault", f">= {len(harmful)}", len(right), len(harmful)),
        _figure("honest files named", "<= 0", sum(bool(named[name]) for name in honest), 0, most=True),
    ]
    if peer:
        for way, levels in WAYS.items():
            told = {name: any(one[level] for level in levels) for name, one in said.items()}
            for which, some in (("files that run code", runs), ("those that it reads at all", read)):
                recall = sum(bool(named[name]) for name in some) / len(some)
                theirs = sum(told[name] or said[name]["error"] for name in some) / len(some)
                says = f"recall on {which} (picklescan, {way}: {theirs:.3f})"
                figures.append(_figure(says, f">= {theirs:.3f}", recall, theirs))
            alarms = sum(told[name] for name in honest)
            says = f"honest files named (picklescan, {way}: {alarms} of {len(honest)})"
            mistaken = sum(bool(named[name]) for name in honest)
            figures.append(_figure(says, f"<= {alarms}", mistaken, alarms, most=True))
        only = [name for name in runs if not named[name] and (said[name]["dangerous"] or said[name]["error"])]
        figures.append(_figure("files that only picklescan names", "<= 0", len(only), 0, most=True))
    return {
        "figures": figures,
        "counts": {"harmful": len(harmful), "run_code": len(runs), "honest": len(honest)},
        "missed": [name for name in harmful if name not in right],
        "alarms": [name for name in honest if named[name]],
        "picklescan_missed": [n for n in runs if said and not (said[n]["dangerous"] or said[n]["error"])],
        "cpu_seconds": {"riskboard": mine["cpu_seconds"], "picklescan": (peer or {}).get("cpu_seconds")},
    }


def _figure(name: str, bar: str, value: float, against: float, *, most: bool = False) -> dict[str, Any]:
    reached = value <= against if most else value >= against
    return {"name": name, "bar": bar, "value": round(value, 3), "reached": reached}


def main() -> None:
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "files"
        folder.mkdir()
        truth = corpus(folder)
        mine, peer = ours(folder, truth), picklescan(folder)
        canary = (Path(top) / "canary").exists()
    found = judged(truth, mine, peer)
    found["figures"].append(_figure("canaries written", "<= 0", int(canary), 0, most=True))
    result = {
        "what": "harmful and honest model files, beside picklescan",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": multiprocessing.cpu_count(), "python": platform.python_version()},
        "peer": PEER[1] if peer else f"{PEER[1]} could not be installed",
        **found,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
