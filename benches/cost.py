"""What a run with default settings bills and takes, against a plain script that sends every turn by itself.

    python3 benches/cost.py         about three minutes

Both against the same stand-in at 10 requests/s and 180 ms, one after the other, twice.
"""

import csv
import sys

from measure import BASELINES, BENCH, Standin, Verdicts, analyze, build, run, turns

QUOTA = 10
ROUNDS = 2


def naive(source):
    with Standin(quota=QUOTA, latency_ms=180) as standin:
        script = [sys.executable, BASELINES / "baseline_naive.py", source, BENCH / "naive.csv"]
        done = run(*script, "--requests-per-second", QUOTA, environment=standin.environment)
        return done.seconds, standin.stats()


def ours(source):
    with Standin(quota=QUOTA, latency_ms=180) as standin:
        flags = ["--engine", "comprehend", "--cache", "off"]
        done = analyze(source, BENCH / "cost", *flags, environment=standin.environment)
        return done.seconds, standin.stats()


def text_units(source):
    """The text's own length in units of 100 characters, as it stands in the file."""
    with open(source, newline="", encoding="utf-8") as file:
        return sum(len(row["text"].strip()) for row in csv.DictReader(file) if row["speaker"] != "system") / 100


def main():
    build()
    verdicts = Verdicts()
    source = turns(10_000)
    plain, packed = [], []
    for _ in range(ROUNDS):
        plain.append(naive(source))
        packed.append(ours(source))
    (plain_s, plain_stats), (packed_s, packed_stats) = min(plain, key=first), min(packed, key=first)
    for name, seconds, stats in (("plain script", plain_s, plain_stats), ("undertone", packed_s, packed_stats)):
        print(
            f"{name}: {seconds:.1f} s, {stats['requests']} requests, {stats['documents_billed']} documents, "
            f"{stats['units']} units ({stats['units_by_request']} if the minimum holds by request)"
        )
    verdicts.at_most("units, share of the plain script's", packed_stats["units"] / plain_stats["units"], 1 / 3)
    verdicts.at_most("time, share of the plain script's", packed_s / plain_s, 1 / 3)
    verdicts.at_most("units per unit of text", packed_stats["units"] / text_units(source), 1.15)
    verdicts.at_most("characters past a document's first 500", packed_stats["chars_unread"], 0, "{:.0f}")
    verdicts.at_most("documents billed twice", packed_stats["billed_again"], 0, "{:.0f}")
    verdicts.exit()


def first(pair):
    return pair[0]


if __name__ == "__main__":
    main()
