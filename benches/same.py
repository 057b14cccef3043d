"""Equal tables from two binaries, with both engines: what a change that only tidies up must show.

    python3 benches/same.py OLD NEW [TRANSCRIPTS...]

Compares every table, datapackage.json and the counts of run.json over `data`, generated turns and the files named.
Lists each table that differs, with its first differing line.
"""

import json
import os
import sys
from pathlib import Path

from measure import BENCH, ROOT, Standin, Verdicts, analyze, build, turns

TURNS = 200_000
TABLES = ("calls.csv", "agents.csv", "segments.csv", "failures.csv", "rejects.csv", "datapackage.json")


def outputs(binary, files, out, flags, environment):
    """The bytes of each table, and the counts of the record; or how the run ended where it wrote nothing."""
    os.environ["UNDERTONE"] = str(Path(binary).resolve())
    run = analyze(files, out, *flags, environment=environment, accept=(0, 3, 65))
    if not (out / "run.json").exists():
        return {"end": f"{run.code}".encode()}
    found = {name: (out / name).read_bytes() for name in TABLES if (out / name).exists()}
    record = json.loads((out / "run.json").read_text())
    found["counts"] = json.dumps(record["counts"], indent=1, sort_keys=True).encode()
    return found


def shared(counts, others):
    """Those of `counts` that `others` has too: a later version may count more."""
    names = json.loads(others).keys()
    return json.dumps({name: count for name, count in json.loads(counts).items() if name in names}, indent=1).encode()


def first_difference(old, new):
    for number, (a, b) in enumerate(zip(old.splitlines(), new.splitlines()), 1):
        if a != b:
            return f"line {number}"
    return f"{len(old)} bytes and {len(new)} bytes"


def main():
    old, new, *named = sys.argv[1:]
    os.environ.setdefault("UNDERTONE", str(Path(new).resolve()))
    build()
    inputs = {
        "data": [ROOT / "data"],
        "generated turns": [turns(TURNS)],
        "interleaved turns": [turns(TURNS, "interleaved-200k.csv", "--interleaved")],
        **{Path(name).name: [name] for name in named},
    }
    verdicts = Verdicts()
    with Standin(latency_ms=1) as standin:
        for engine in ("local", "comprehend"):
            flags = ["--engine", engine, "--cache", "off", "--detail", "--requests-per-second", "1000"]
            for name, files in inputs.items():
                before, after = (
                    outputs(binary, files, BENCH / "same", flags, standin.environment) for binary in (old, new)
                )
                for table in sorted(before.keys() | after.keys()):
                    a, b = before.get(table, b""), after.get(table, b"")
                    if table == "counts" and a and b:
                        a, b = shared(a, b), shared(b, a)
                    where = "" if a == b else f", first at {first_difference(a, b)}"
                    verdicts.holds(f"{engine}, {name}, {table}: equal{where}", a == b)
    verdicts.exit()


if __name__ == "__main__":
    main()
