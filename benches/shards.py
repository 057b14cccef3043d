"""Shards merged against one run: equal bytes with both engines, and the memory of `merge`.

    python3 benches/shards.py            a million turns in 16 shards: some ten minutes
    python3 benches/shards.py --large    10 million calls in two shards too: an hour, 8 GB on disk
"""

import csv
import random
import re
import shutil
import sys

from measure import BENCH, Standin, Verdicts, analyze, build, digests, report, run, turns, undertone

SHARDS = 16
MANY_CALLS = 10_000_000
MOST_MEBIBYTES = 512
# The last request of each shard is less full.
BILL = re.compile(r"for [\d,]+ units in [\d,]+ requests")
WORDS = """thank you very much this is great awful terrible broken again please help refund order waiting happy good bad
slow fast bill wrong charge love hate never always fine where when why not sure really sorry problem solved""".split()


def merged(source, shards, *flags, environment=None):
    """The merge of `shards` parts of a run over `source`, and the folder that it wrote."""
    parts = BENCH / "shards-parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    for shard in range(1, shards + 1):
        analyze(source, parts / str(shard), "--shard", f"{shard}/{shards}", *flags, environment=environment)
    out = BENCH / "shards-merged"
    shutil.rmtree(out, ignore_errors=True)
    folders = [parts / str(shard) for shard in range(1, shards + 1)]
    random.Random(1).shuffle(folders)
    return run(undertone(), "merge", *folders, "--out", out), out


def equal(verdicts, name, *flags, environment=None):
    source, one = turns(1_000_000), BENCH / "shards-one"
    analyze(source, one, *flags, environment=environment)
    merge, out = merged(source, SHARDS, *flags, environment=environment)
    print(f"{name}: {report(one)['counts']['calls']:,} calls, merge {merge.seconds:.2f} s, {merge.mebibytes:.0f} MiB")
    verdicts.holds(f"{name}: tables of {SHARDS} shards are those of one run", digests(one) == digests(out))
    ours, theirs = (BILL.sub("", (folder / "report.html").read_text()) for folder in (one, out))
    verdicts.holds(f"{name}: so is the page, but for what a service was asked", ours == theirs)


def many_calls():
    """A file of 10 million calls of two turns; written once."""
    path = BENCH / "shards-many.csv"
    if path.exists():
        return path
    chance, unfinished = random.Random(1), path.with_suffix(".new")
    texts = [" ".join(chance.choices(WORDS, k=chance.randrange(4, 16))) for _ in range(100_000)]
    with open(unfinished, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["call_id", "speaker", "agent_id", "queue", "started", "text"])
        for call in range(MANY_CALLS):
            agent, queue = f"agent {call % 997}", ("billing", "orders")[call % 2]
            day = f"2026-03-{1 + call % 28:02}T10:00:00Z"
            rows.writerow([f"call {call}", "agent", agent, queue, day, texts[call % 99_991]])
            rows.writerow([f"call {call}", "customer", agent, queue, day, chance.choice(texts)])
    unfinished.rename(path)
    return path


def memory(verdicts):
    # Stated, as among so many texts of a few words at random some look like another language, whose calls would not be scored.
    merge, out = merged(many_calls(), 2, "--engine", "local", "--language", "en")
    print(f"{report(out)['counts']['calls']:,} calls: merge {merge.seconds:.1f} s")
    verdicts.at_most("MiB of a merge of 10 million calls", merge.mebibytes, MOST_MEBIBYTES, "{:.0f}")


def main():
    build()
    verdicts = Verdicts()
    equal(verdicts, "local", "--engine", "local")
    with Standin() as standin:
        flags = ["--engine", "comprehend", "--cache", "off", "--requests-per-second", "5000"]
        equal(verdicts, "comprehend", *flags, environment=standin.environment)
    if "--large" in sys.argv:
        memory(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
