"""Nights against one night over all, a night with nothing new, and a night into a store of a year.

    python3 benches/nights.py            some minutes
    python3 benches/nights.py --large    a year of 10,000 calls a day: hours
    python3 benches/nights.py --store    nights on a stand-in for Amazon S3 against one night over all in a folder

5 % of the calls come 1 to 5 days late, 2 % come again, 2 % in two parts; calls go on after midnight in the next day's export;
three nights a week are killed at a random moment. Set NIGHTS, CALLS, INPUTS, DAY_CALLS for other sizes.
"""

import csv
import datetime
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from measure import BENCH, RELEASE, Verdicts, analyze, clean_environment, run, undertone

LARGE = "--large" in sys.argv
STORE = "--store" in sys.argv
NIGHTS = int(os.environ.get("NIGHTS", 365 if LARGE else 30))
CALLS = int(os.environ.get("CALLS", 10_000 if LARGE else 100))
INPUTS = int(os.environ.get("INPUTS", 10_000))
STORE_DAYS = int(os.environ.get("STORE_DAYS", 365))
DAY_CALLS = int(os.environ.get("DAY_CALLS", 100_000 if LARGE else 20_000))

HEADER = ["call_id", "turn_index", "speaker", "agent_id", "queue", "started", "text"]
WORDS = """thank you very much this is great awful terrible broken again please help refund order waiting happy good bad
slow fast bill wrong charge love hate never always fine where when why not sure really sorry problem solved""".split()
FIRST_DAY = datetime.date(2025, 1, 1)
IDLE_SECONDS = 2.0
NIGHT_RATIO = 1.3
MORE_MEBIBYTES = 64


def call(number, day, chance):
    """The rows of one call that begins on `day`."""
    begun = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=chance.randrange(86_400))
    agent, queue = f"agent {chance.randrange(40)}", chance.choice(("billing", "orders"))
    rows = []
    for turn in range(chance.randrange(2, 14)):
        moment = begun + datetime.timedelta(seconds=20 * turn)
        words = " ".join(chance.choices(WORDS, k=chance.randrange(4, 16)))
        speaker = "customer" if turn % 2 else "agent"
        rows.append([f"call {number}", turn, speaker, agent, queue, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), words])
    return rows


def deliveries(nights, calls, chance):
    """The exports of each night, by name, one night after the other: only what is yet to arrive is held."""
    to_come = {}

    def deliver(name, night, rows):
        to_come.setdefault(night, {}).setdefault(name, []).extend(rows)

    for night in range(nights):
        day = FIRST_DAY + datetime.timedelta(days=night)
        for number in range(calls):
            rows = call(night * calls + number, day, chance)
            what, delay = chance.random(), chance.randrange(1, 6)
            if what < 0.05:
                deliver(f"{day}-late-{delay}.csv", night + delay, rows)
                continue
            if what < 0.07:
                deliver(f"{day}-again-{delay}.csv", night + delay, rows)
            elif what < 0.09:
                half = len(rows) // 2
                deliver(f"{day}-rest-{delay}.csv", night + delay, rows[half:])
                rows = rows[:half]
            today = [row for row in rows if row[5].startswith(str(day))]
            deliver(f"{day}.csv", night, today)
            if len(today) < len(rows):
                tomorrow = day + datetime.timedelta(days=1)
                deliver(f"{tomorrow}-midnight.csv", night + 1, rows[len(today) :])
        yield to_come.pop(night, {})
    for night in range(nights, max(to_come, default=nights - 1) + 1):
        yield to_come.pop(night, {})


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def fresh(name):
    folder = BENCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Bucket:
    """A stand-in for Amazon S3 as a process of its own, where a lock that a killed night left has run out."""

    inputs, store = "s3://calls/in/", "s3://calls/lake"

    def __init__(self):
        program = os.environ.get("S3_STANDIN", str(RELEASE / "examples" / "s3_standin"))
        command = [program, "--clock-ahead=61", str(fresh("nights-empty"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = iter(self.process.stdout.readline, "\n")
        self.environment = dict(line.split(" ", 1)[1].strip().split("=", 1) for line in lines)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", "the stand-in has ended"

    def end(self):
        self.process.kill()
        self.process.wait()


def nightly(into, inputs, environment=None):
    # Of a million calls of random words one is taken for another language and not scored, which is told by 3.
    command = [undertone(), "nightly", "--quiet", "--into", into, inputs]
    return run(*command, environment=environment, accept=(0, 3))


def killed(into, inputs, after, environment=None):
    """Starts a night and kills it, as a power cut would."""
    command = [undertone(), "nightly", "--quiet", "--into", str(into), str(inputs)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**clean_environment(), **(environment or {})}, stdout=quiet, stderr=quiet)
    time.sleep(after)
    process.kill()
    process.wait()


def partitions(store):
    """A hash of every partition's bytes, by name."""
    tables = ("calls", "agents", "agents_28d", "failures")
    files = [path for table in tables for path in sorted((store / table).glob("*/part-0.csv"))]
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).digest() for path in files}


def equality(verdicts):
    chance = random.Random(int(os.environ.get("SEED", "1")))
    inputs, store, once = fresh("nights-in"), BENCH / "nights", BENCH / "nights-once"
    for folder in (store, once):
        shutil.rmtree(folder, ignore_errors=True)
    bucket = Bucket() if STORE else None
    place = (bucket.store, bucket.inputs, bucket.environment) if bucket else (store, inputs)
    took, kills, nights, files = 0.5, 0, 0, 0
    for exports in deliveries(NIGHTS, CALLS, random.Random(chance.random())):
        for name, rows in exports.items():
            write(inputs / name, rows)
            if bucket:
                bucket.ask("put", f"in/{name}", inputs / name)
        if chance.random() < 3 / 7:
            killed(*place[:2], chance.uniform(0, took), *place[2:])
            kills += 1
        took = nightly(*place).seconds
        nights, files = nights + 1, files + len(exports)
    nightly(once, inputs)
    if bucket:
        bucket.ask("save", "lake/", store)
        bucket.end()
    ours, theirs = partitions(store), partitions(once)
    different = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    print(f"{nights} nights of {CALLS} calls, {files} inputs, {kills} kills, {len(theirs)} partitions")
    verdicts.at_most("partitions that one night over all makes otherwise", len(different), 0, "{}")
    verdicts.at_least("partitions compared", len(theirs), NIGHTS, "{}")
    for name in different[:5]:
        print(f"  {name}")


def idle(verdicts):
    chance = random.Random(2)
    inputs, store = fresh("nights-many"), BENCH / "nights-idle"
    shutil.rmtree(store, ignore_errors=True)
    for number in range(INPUTS):
        day = FIRST_DAY + datetime.timedelta(days=number % 100)
        write(inputs / f"{number % 100:03}" / f"{number}.csv", call(number, day, chance))
    nightly(store, inputs)
    nightly(store, inputs)
    seconds = min(nightly(store, inputs).seconds for _ in range(3))
    verdicts.at_most(f"seconds of a night with nothing new in {INPUTS} inputs", seconds, IDLE_SECONDS, "{:.2f}")


def into_a_year(verdicts):
    chance = random.Random(3)
    inputs = fresh("nights-year")
    for number in range(STORE_DAYS):
        day = FIRST_DAY + datetime.timedelta(days=number)
        write(inputs / f"{day}.csv", [row for call_number in range(30) for row in call(number * 30 + call_number, day, chance)])
    store = BENCH / "nights-store"
    shutil.rmtree(store, ignore_errors=True)
    first = nightly(store, inputs)
    day = FIRST_DAY + datetime.timedelta(days=STORE_DAYS)
    name = f"{day}.csv"
    rows = [row for number in range(DAY_CALLS) for row in call(10_000_000 + number, day, chance)]
    write(inputs / name, [row for row in rows if row[5].startswith(str(day))])
    alone = analyze(inputs / name, BENCH / "nights-alone", "--quiet")
    night = nightly(store, inputs)
    ratio = night.seconds / alone.seconds
    print(f"first night over {STORE_DAYS} days: {first.seconds:.1f} s, {first.mebibytes:.0f} MiB")
    print(f"{DAY_CALLS} calls: night {night.seconds:.1f} s and {night.mebibytes:.0f} MiB, analyze {alone.seconds:.1f} s and {alone.mebibytes:.0f} MiB")
    verdicts.at_most("time of a night into it against analyze of its day", ratio, NIGHT_RATIO, "{:.2f}")
    verdicts.at_most("MiB that it takes more", night.mebibytes - alone.mebibytes, MORE_MEBIBYTES, "{:.0f}")


def main():
    BENCH.mkdir(parents=True, exist_ok=True)
    if "UNDERTONE" not in os.environ:
        build = ["cargo", "build", "--release", "--locked", "--quiet", "--no-default-features"]
        more = ["--features", "object-stores", "--bin", "undertone", "--example", "s3_standin"] if STORE else []
        subprocess.run([*build, *more], check=True, cwd=Path(__file__).parent.parent)
    verdicts = Verdicts()
    for part in (equality,) if STORE else (idle, into_a_year, equality):
        part(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
