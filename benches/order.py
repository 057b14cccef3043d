"""Equal bytes for any order of rows, any split into files, any concurrency, with both engines.

    python3 benches/order.py        about a minute
"""

from measure import BENCH, Standin, Verdicts, analyze, build, digests, turns

TURNS = 30_000


def main():
    build()
    verdicts = Verdicts()
    split = turns(TURNS, "split.csv", "--files", "3", "--interleaved")
    inputs = {
        "grouped": [turns(TURNS)],
        "interleaved": [turns(TURNS, "interleaved.csv", "--interleaved")],
        "reversed": [turns(TURNS, "reversed.csv", "--order", "reversed")],
        "three files": [split.with_name(f"split-{part}.csv") for part in (2, 0, 1)],
    }
    with Standin(latency_ms=1, jitter_ms=20, shuffle=0.5) as standin:
        for engine in ("local", "comprehend"):
            flags = ["--engine", engine, "--cache", "off", "--detail", "--requests-per-second", "1000"]
            expected = None
            for order, files in inputs.items():
                for concurrency in ("1", "8"):
                    concurrent = ["--concurrency", concurrency]
                    analyze(files, BENCH / "order", *flags, *concurrent, environment=standin.environment)
                    found = digests(BENCH / "order")
                    expected = expected or found
                    verdicts.holds(f"{engine}, {order}, concurrency {concurrency}: equal", found == expected)
    verdicts.exit()


if __name__ == "__main__":
    main()
