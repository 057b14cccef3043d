"""Compares undertone.spark on two executors with `undertone analyze`, to the byte, and tries what must fail. Called by `run`."""

import argparse
import csv
import io
import json
import os
import random
import shutil
import signal
import stat
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from undertone import program
from undertone.spark import UndertoneError, analyze

SAMPLES = sorted(Path("data").glob("*.csv"))


def session(events: Path) -> SparkSession:
    """Two executors of one core, whose stages are logged below `events`."""
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.task.maxFailures": "3",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
        # Times must not depend on it.
        "spark.sql.session.timeZone": "America/New_York",
        # An executor that was killed on purpose is no reason to give up.
        "spark.deploy.maxExecutorRetries": "-1",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("undertone")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def one_run(files: list[Path], out: Path, *flags: str) -> dict[str, bytes]:
    """What `analyze` writes."""
    command = [program(), "analyze", "--quiet", "--csv-guard", "off", "--out", str(out), *flags, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return {table: (out / f"{table}.csv").read_bytes() for table in ("calls", "agents")}


def as_csv(frame, key: str) -> bytes:
    """A DataFrame as undertone writes tables: four decimals, flags 0 or 1, times in UTC, rows by their key."""
    kinds = dict(frame.dtypes)
    moment = [name for name, kind in kinds.items() if kind == "timestamp"]
    for name in moment:
        frame = frame.withColumn(name, F.unix_micros(name))

    def cell(name: str, value) -> str:
        if value is None:
            return ""
        if name in moment:
            seconds, micros = divmod(value, 1_000_000)
            fraction = f".{micros:06}".rstrip("0") if micros else ""
            return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"
        if kinds[name] == "double":
            return f"{value:.4f}"
        return str(int(value)) if kinds[name] == "boolean" else str(value)

    rows = sorted(frame.collect(), key=lambda row: row[key].encode())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([cell(name, value) for name, value in zip(frame.columns, row)] for row in rows)
    return text.getvalue().encode()


def expect_same(spark_result, expected: dict[str, bytes], what: str) -> None:
    for table, key in (("calls", "call_id"), ("agents", "agent_id")):
        found = as_csv(getattr(spark_result, table), key)
        if found != expected[table]:
            pairs = zip(found.split(b"\n"), expected[table].split(b"\n"))
            differs = [at for at, (one, other) in enumerate(pairs) if one != other]
            raise AssertionError(f"{what}: {table} differs in lines {differs[:5]} of {len(differs)}")
    print(f"  same bytes: {what} ({expected['calls'].count(10) - 1} calls)")


def frame_of(spark, files: list[Path]):
    """A DataFrame of CSV files in their order, all columns text, empty cells null."""
    rows, names = [], []
    for file in files:
        with open(file, newline="", encoding="utf-8") as text:
            found = list(csv.DictReader(text))
        names += [name for name in found[0] if name not in names]
        rows += found
    tuples = [tuple(row.get(name) or None for name in names) for row in rows]
    return spark.createDataFrame(tuples, ", ".join(f"`{name}` string" for name in names))


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows(rows)
    return path


HEADER = ["call_id", "turn_index", "speaker", "text", "agent_id", "queue", "timestamp", "language"]
SAID = {
    "customer": ["this is terrible, I am so angry", "thank you, that is great", "my bill is wrong again", "ok", "¿qué tal?"],
    "agent": ["I am sorry about that", "how can I help you today", "your order is on its way", "gracias"],
}
HOSTILE = ["a", "A", "=1+1", "a\nb", "a\u2028b", '"q"', "x,y", " lead", "lead\u3000", "é", "e\u0301", "שלום", "+49", "a\tb", "'a", "0"]


def generated(path: Path, turns: int, ids: list[str] | None = None) -> Path:
    """Turns of calls whose rows lie apart, with ties, gaps and repeated rows."""
    chance = random.Random(turns)
    count = max(2, turns // 14)
    rows = []
    for turn in range(turns):
        call = chance.randrange(count)
        name = ids[call % len(ids)] + (str(call // len(ids)) if call >= len(ids) else "") if ids else f"call-{call}"
        speaker = chance.choice(["customer", "agent"])
        agent = f"agent {chance.randrange(40)}" if chance.random() < 0.8 else ""
        if ids and agent:
            agent = chance.choice(ids)
        moment = f"2026-11-{1 + call % 28:02}T10:{turn * 60 // turns:02}:{chance.randrange(60):02}Z"
        index = str(chance.randrange(30)) if chance.random() < 0.9 else ""
        language = chance.choice(["", "", "", "en", "es"]) if ids else ""
        row = [name, index, speaker, chance.choice(SAID[speaker]), agent, f"queue {call % 5}", moment, language]
        rows.append(row)
        if chance.random() < 0.01:
            rows.append(row)
    return write_csv(path, [HEADER, *rows])


def same_as_one_run(spark, files: list[Path], home: Path) -> None:
    files = [*SAMPLES, *files]
    for file in files:
        expect_same(analyze(frame_of(spark, [file])), one_run([file], home / "one"), file.name)
    hostile = generated(home / "hostile.csv", 3000, HOSTILE)
    expect_same(analyze(frame_of(spark, [hostile])), one_run([hostile], home / "one"), "hostile names")
    flags = {"language": "es", "speakers": "customer", "granularity": "call", "timezone": "Asia/Tokyo"}
    typed = [f"--{name}={value}" for name, value in flags.items()]
    expect_same(analyze(frame_of(spark, [hostile]), **flags), one_run([hostile], home / "one", *typed), "other settings")
    terms = home / "terms.csv"
    terms.write_text("term,weight\nbill,-3\n")
    turns = frame_of(spark, [hostile]).withColumnRenamed("text", "Body")
    moved = write_csv(home / "moved.csv", [[*HEADER[:3], "Body", *HEADER[4:]]] + list(csv.reader(open(hostile, newline="")))[1:])
    expected = one_run([moved], home / "one", "--map=text=Body", f"--lexicon={terms}")
    expect_same(analyze(turns, map={"text": "Body"}, lexicon=terms), expected, "a mapped column and a lexicon")


def types_and_partitions(spark, home: Path) -> None:
    file = generated(home / "typed.csv", 2000)
    expected = one_run([file], home / "one")
    turns = frame_of(spark, [file])
    typed = turns.withColumn("turn_index", F.col("turn_index").cast("int"))
    typed = typed.withColumn("timestamp", F.to_timestamp("timestamp"))
    typed = typed.withColumn("more", F.array(F.lit("not read")))
    expect_same(analyze(typed), expected, "typed columns")
    for partitions in (1, 37):
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
        for batch in (1, 100_000):
            spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", batch)
            expect_same(analyze(turns), expected, f"{partitions} partitions, batches of {batch}")
    spark.conf.set("spark.sql.shuffle.partitions", 4)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 500)
    expect_same(analyze(turns, persist=False), expected, "rows that are not kept")


def refused(what: str, *parts: str, code: int | None = None):
    """A context in which an error with these parts must come up, without a word of a transcript."""

    class Refused:
        def __enter__(self):
            self.begun = time.monotonic()

        def __exit__(self, kind, error, _):
            assert error is not None, f"{what}: nothing was refused"
            text = str(error)
            for part in parts:
                assert part in text, f"{what}: no {part!r} in {text}"
            assert "zebra" not in text, f"{what}: a word of a transcript in {text}"
            assert code is None or getattr(error, "code", None) == code, f"{what}: {getattr(error, 'code', None)}"
            print(f"  refused in {time.monotonic() - self.begun:.0f} s: {what}")
            return True

    return Refused()


def bad_tables(spark) -> None:
    schema = "call_id string, turn_index int, speaker string, text string"
    rows = [(f"c{call}", turn, ["customer", "agent"][turn % 2], "a zebra") for call in range(40) for turn in range(4)]
    good = spark.createDataFrame(rows, schema)
    with refused("no column of speakers", "no column fits speaker", "map=", code=65):
        analyze(good.drop("speaker"))
    with refused("no order", "turn_index", code=65):
        analyze(good.drop("turn_index"))
    with refused("times that may be", "created_at", code=65):
        analyze(good.withColumn("created_at", F.lit("2026-11-02")).drop("turn_index"))
    with refused("an array", '"text" is of the type array', code=65):
        analyze(good.withColumn("text", F.array("text")))
    with refused("a structure", "struct", code=65):
        analyze(good.withColumn("speaker", F.struct("speaker")))
    with refused("bytes", "binary", code=65):
        analyze(good.withColumn("text", F.col("text").cast("binary")))
    with refused("two columns of one name", "several columns", code=65):
        analyze(good.select("*", F.col("text")))
    # A program without the engine has no quota to speak of.
    with refused("a service", "comprehend"):
        analyze(good, engine="comprehend")
    with refused("no such setting", "--colour", code=2):
        analyze(good, colour="blue")
    with refused("a part of a run", "--shard", code=2):
        analyze(good, shard="1/2")
    with refused("a file that is not there", "no.csv", code=78):
        analyze(good, lexicon="no.csv")
    with refused("an unknown role", "ended with 65", "IVR2", "--role IVR2=other"):
        analyze(good.withColumn("speaker", F.lit("IVR2")))
    with refused("words in the place of speakers", "ended with 65", "--map"):
        analyze(good.withColumn("speaker", F.concat(F.lit("the zebra said "), F.rand(1))))
    with refused("no rows", "no usable row", code=65):
        analyze(good.limit(0))
    with refused("all null", "no usable row", code=65):
        analyze(good.withColumn("call_id", F.lit(None).cast("string")))
    bad = good.withColumn("call_id", F.when(F.col("turn_index") > 2, None).otherwise(F.col("call_id")))
    with refused("too many nulls", "40 of 160 rows", "--max-rejects 40", code=65):
        analyze(bad)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert analyze(bad, max_rejects=40).calls.count() == 40
    assert any("40 of 160 rows" in str(warning.message) for warning in said), said
    hostile = good.withColumn(
        "text",
        F.when(F.col("turn_index") == 3, F.unhex(F.lit("ff00fe")).cast("string")).otherwise(F.col("text")),
    )
    with refused("rows that are no UTF-8", "40 of 160 rows", code=65):
        analyze(hostile)
    print("  rows within --max-rejects are left out with a warning")


def bad_children(spark, home: Path) -> None:
    rows = [(f"c{call}", turn, "customer", "a zebra") for call in range(300) for turn in range(40)]
    turns = spark.createDataFrame(rows, "call_id string, turn_index int, speaker string, text string")
    real = program()

    def child(name: str, script: str) -> str:
        """A program that does as the real one but for the step of calls."""
        path = home / name
        path.write_text(f'#!/bin/sh\nif [ "$2" != calls ]; then exec {real} "$@"; fi\n{script}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    cases = [
        ("killed at once", "kill -9 $$", ["signal 9"]),
        ("killed in the middle", "head -c 100000 > /dev/null; kill -9 $$", ["signal 9"]),
        ("garbage", "echo hello; cat > /dev/null", ["no Arrow stream"]),
        ("endless garbage", "yes", ["no Arrow stream"]),
        ("nothing", "cat > /dev/null", ["no Arrow stream"]),
        ("silent, and reads nothing", "sleep 1000", ["no sign of life"]),
        ("silent, and reads", "cat > /dev/null; sleep 1000", ["no sign of life"]),
        ("a cut answer", f'{real} "$@" | head -c 20000', ["no Arrow stream"]),
        ("an error", "echo 'error: no luck' >&2; exit 65", ["ended with 65", "no luck"]),
        ("endless complaints", "yes x >&2", ["no sign of life"]),
    ]
    for name, script, parts in cases:
        with refused(f"a child: {name}", *parts):
            analyze(turns, program=child("program", script), silence=6)
    with refused("no program", "nowhere"):
        analyze(turns, program=str(home / "nowhere"))


def descendants(root: int) -> list[int]:
    """Processes below `root`."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found[1:]


def executors(spark) -> list[int]:
    driver = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()

    def is_executor(process: int) -> bool:
        try:
            return b"CoarseGrainedExecutorBackend" in Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            return False

    return [process for process in descendants(driver) if is_executor(process)]


def killed_executors(spark, home: Path, kills: int) -> None:
    file = generated(home / "killed.csv", 60_000)
    expected = one_run([file], home / "one", "--language=en")
    turns = frame_of(spark, [file]).persist()
    turns.count()
    begun = time.monotonic()
    analyze(turns, language="en").unpersist()
    usual = time.monotonic() - begun
    chance = random.Random(kills)
    for number in range(kills):
        killed = []

        def kill():
            time.sleep(usual * chance.random())
            victim = chance.choice(executors(spark))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

        killer = threading.Thread(target=kill)
        killer.start()
        analysis = analyze(turns, language="en")
        killer.join()
        assert killed, "no executor was killed"
        expect_same(analysis, expected, f"executor {number + 1} of {kills} killed")
        analysis.unpersist()


def stages(events: Path) -> list[dict]:
    """The stages that have ended, in that order."""
    (log,) = events.glob("app-*")
    lines = (line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [json.loads(line)["Stage Info"] for line in lines if '"SparkListenerStageCompleted"' in line]


def many_turns(spark, home: Path, events: Path, turns: int, rounds: int) -> None:
    file = generated(home / "many.csv", turns)
    frame = spark.read.csv(str(file), header=True, multiLine=False, escape='"')
    analysis = analyze(frame)
    expect_same(analysis, one_run([file], home / "one"), f"{turns} turns")
    analysis.unpersist()
    pace = []
    for _ in range(rounds):
        begun = time.monotonic()
        one_run([file], home / "one", "--language=en")
        alone = time.monotonic() - begun
        before = len(stages(events))
        begun = time.monotonic()
        analyze(frame, language="en").unpersist()
        whole = time.monotonic() - begun
        # Later stages name the rows of this one as well, and find them kept.
        mapped = [stage for stage in stages(events)[before:] if any("MapInArrow" in rdd["Name"] for rdd in stage["RDD Info"])]
        longest = max(stage["Completion Time"] - stage["Submission Time"] for stage in mapped) / 1000
        pace.append(alone / longest)
        print(f"  {turns} turns: analyze {alone:.1f} s, Spark {whole:.1f} s, of which {longest:.1f} s in the map stage", flush=True)
    print(f"  turns a second of the map stage against analyze, median of {rounds}: {statistics.median(pace):.0%}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    events = Path(tempfile.mkdtemp(prefix="undertone-events-"))
    spark = session(events)
    java = spark.sparkContext._jvm.java.lang.System.getProperty("java.version")
    print(f"Spark {pyspark.__version__}, Java {java}, Python {sys.version.split()[0]}", flush=True)
    with tempfile.TemporaryDirectory(prefix="undertone-") as folder:
        home = Path(folder)
        same_as_one_run(spark, arguments.files, home)
        types_and_partitions(spark, home)
        bad_tables(spark)
        bad_children(spark, home)
        killed_executors(spark, home, arguments.kills)
        many_turns(spark, home, events, arguments.turns, arguments.rounds)
    spark.stop()
    shutil.rmtree(events)


if __name__ == "__main__":
    main()
