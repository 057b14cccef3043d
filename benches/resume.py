"""Killed twenty times at random moments, then run to the end; then run once more from the cache alone.

    python3 benches/resume.py       about three minutes
"""

import os
import random
import shutil
import subprocess
import time

from measure import BENCH, Standin, Verdicts, analyze, build, clean_environment, digests, report, turns, undertone

KILLS = 20
CACHED_PER_S = 100_000


def killed(source, standin, flags, after):
    """Starts a run and kills it, as a power cut would."""
    command = [undertone(), "analyze", source, "--out", BENCH / "killed", *flags]
    environment = {**clean_environment(), **standin.environment}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=quiet, stderr=quiet)
    time.sleep(after)
    process.kill()
    process.wait()


def kills(verdicts):
    source, cache = turns(30_000), BENCH / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(BENCH / "killed", ignore_errors=True)
    moments = random.Random(int(os.environ.get("SEED", "1")))
    rate = ["--engine", "comprehend", "--requests-per-second", "20"]
    with Standin(quota=20, latency_ms=180) as standin:
        analyze(source, BENCH / "whole", *rate, "--cache", "off", environment=standin.environment)
    with Standin(quota=20, latency_ms=180) as standin:
        for _ in range(KILLS):
            killed(source, standin, [*rate, "--cache", cache], moments.uniform(0.05, 2.0))
        analyze(source, BENCH / "killed", *rate, "--cache", cache, environment=standin.environment)
        stats = standin.stats()
    in_flight = KILLS * stats["most_in_flight"] * stats["largest_batch"]
    verdicts.holds("outputs equal to an uninterrupted run's", digests(BENCH / "whole") == digests(BENCH / "killed"))
    verdicts.at_most("documents paid twice, bounded by those in flight", stats["billed_again"], in_flight, "{:.0f}")


def second_run(verdicts):
    """One segment a turn, so that there are as many look-ups as turns; no quota, so that the first run ends soon."""
    source, cache = turns(1_000_000), BENCH / "full-cache"
    shutil.rmtree(cache, ignore_errors=True)
    flags = ["--engine", "comprehend", "--granularity", "turn", "--requests-per-second", "10000", "--cache", cache]
    with Standin() as standin:
        analyze(source, BENCH / "first", *flags, environment=standin.environment)
        before = standin.stats()
        again = analyze(source, BENCH / "second", *flags, environment=standin.environment)
        after = standin.stats()
    record = report(BENCH / "second")
    segments, scoring = record["counts"]["cached"], record["seconds"]["score"]
    print(f"        {segments} segments, {again.seconds:.2f} s of which {scoring:.2f} s scoring, {again.mebibytes:.0f} MiB")
    verdicts.at_most("requests of a second run", after["requests"] - before["requests"], 0, "{:.0f}")
    verdicts.holds("every segment was stored", segments == record["counts"]["segments"])
    verdicts.holds("outputs equal", digests(BENCH / "first") == digests(BENCH / "second"))
    verdicts.at_least("cached segments a second over the whole run", segments / again.seconds, CACHED_PER_S, "{:.0f}")


def main():
    build()
    verdicts = Verdicts()
    kills(verdicts)
    second_run(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
