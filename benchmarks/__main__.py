"""`make bench`: runs every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import _table

HERE = Path(__file__).parent


def main() -> int:
    names = sorted(
        {path.stem for path in HERE.glob("[!_]*.py")} | {p.parent.name for p in HERE.glob("*/__main__.py")}
    )
    failed = []
    for name in names:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    _table.main()
    if failed:
        print(f"\nDid not finish: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
