"""A bad day against a calm one: 20 % throttled, 8 % failed, 4 % reset, 4 % of documents failed, 2 % garbage.

    python3 benches/storm.py        about two minutes
"""

from measure import BENCH, Standin, Verdicts, analyze, build, digests, report, turns

STORM = {"throttle": 0.20, "error": 0.08, "reset": 0.04, "garbage": 0.02, "fail_documents": 0.04}


def day(source, name, **faults):
    with Standin(quota=20, latency_ms=180, **faults) as standin:
        flags = ["--engine", "comprehend", "--cache", "off", "--requests-per-second", "20"]
        done = analyze(source, BENCH / name, *flags, environment=standin.environment)
        stats = standin.stats()
    print(f"{name}: {done.seconds:.1f} s, {stats['requests']} requests, {stats['answered']} answered, {stats['refused']}")
    return done.seconds, stats


def main():
    build()
    verdicts = Verdicts()
    source = turns(60_000)
    calm, _ = day(source, "calm")
    stormy, _ = day(source, "stormy", **STORM)
    verdicts.at_most("time, times the calm day's", stormy / calm, 2)
    verdicts.holds("outputs equal to the byte", digests(BENCH / "calm") == digests(BENCH / "stormy"))
    print(f"        counts in run.json: {report(BENCH / 'stormy').get('counts')}")
    verdicts.exit()


if __name__ == "__main__":
    main()
