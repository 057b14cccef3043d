"""The local engine: speed against a Python script with VADER, memory and growth on 10 million turns.

    pip install vaderSentiment==3.3.2
    python3 benches/local.py             about five minutes
    python3 benches/local.py --large     the 10 million turns too, 1.7 GB on disk
"""

import statistics
import sys

from measure import BASELINES, BENCH, Verdicts, analyze, build, run, turns

MILLION = 1_000_000
ROUNDS = 3


def local(source):
    return analyze(source, BENCH / "local", "--engine", "local")


def speed(verdicts):
    source = turns(MILLION)
    python, ours = [], []
    for _ in range(ROUNDS):
        python.append(run(sys.executable, BASELINES / "baseline_vader.py", source, BENCH / "vader.csv"))
        ours.append(local(source))
    for name, runs in (("vaderSentiment 3.3.2", python), ("undertone", ours)):
        seconds = statistics.median(one.seconds for one in runs)
        each = ", ".join(f"{one.seconds:.2f}" for one in runs)
        print(f"{name}: {each} s, {MILLION / seconds:,.0f} turns/s, {max(one.mebibytes for one in runs):.0f} MiB")
    ratio = statistics.median(a.seconds / b.seconds for a, b in zip(python, ours))
    verdicts.at_least("times the Python script's turns per second", ratio, 10, "{:.1f}")


def growth(verdicts):
    small = local(turns(MILLION, "interleaved-1.csv", "--interleaved"))
    large = local(turns(10 * MILLION, "interleaved-10.csv", "--interleaved"))
    for count, done in ((1, small), (10, large)):
        print(f"{count} million interleaved turns: {done.seconds:.1f} s, {done.mebibytes:.0f} MiB")
    verdicts.at_most("MiB on 10 million interleaved turns", large.mebibytes, 512, "{:.0f}")
    verdicts.at_most("time on 10 times the turns", large.seconds / small.seconds, 11.5, "{:.1f}")


def main():
    build()
    verdicts = Verdicts()
    speed(verdicts)
    if "--large" in sys.argv:
        growth(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
