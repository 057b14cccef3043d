"""undertone in Apache Spark: a DataFrame of turns in, DataFrames of calls and agents out.

    from undertone.spark import analyze

    calls, agents = analyze(spark.read.parquet("s3://bucket/turns/"))

Turns of a call are brought together, and each task hands its calls to the program, which scores them as `undertone analyze` does.
Exact sums of agents are added up by Spark and finished on the driver, so that the figures are those of one run over all
turns, whatever the partitions, retries and speculative tasks.

The package must be installed on every node. Apache Spark 3.5 and 4, Python 3.10 and later.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType
from pyspark.storagelevel import StorageLevel

from undertone import program as find_program
from undertone.child import Child, UndertoneError, warn

__all__ = ["Analysis", "UndertoneError", "analyze"]

# White space by Unicode: ids that differ in nothing else may be one call.
_WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_CALL, _PLACE = "undertone_call", "undertone_place"
# Rows of sums that the driver hands over at a time.
_ROWS_AT_ONCE = 10_000
_ARROW_TYPES = {"string": pa.string(), "int": pa.int32(), "decimal(38,0)": pa.decimal128(38, 0)}


class Analysis(NamedTuple("Analysis", [("calls", DataFrame), ("agents", DataFrame)])):
    """`calls` has a row for each call, `agents` one for each agent, with the columns of calls.csv and agents.csv, typed.

    Rows of calls are kept by Spark until `unpersist`, as they were made on the way to the agents.
    """

    _kept: DataFrame | None = None

    def unpersist(self) -> None:
        """Lets Spark forget the rows of calls; those that are used afterwards are scored again."""
        if self._kept is not None:
            self._kept.unpersist()


def analyze(
    turns: DataFrame,
    *,
    silence: float = 60.0,
    persist: bool = True,
    program: str | None = None,
    **settings: Any,
) -> Analysis:
    """Scores the calls whose turns are the rows of `turns`, and rolls them up by call and by agent.

    `turns` has the columns that a CSV file for `undertone analyze` has: a call id, who spoke, what was said, and a turn index or
    the time at which the turn began, since rows of a table have no order. Rows that these leave in a tie are taken in the order
    in which `turns.collect()` gives them.

    `settings` are the flags of `undertone exchange --help` with underscores: `language="en"`, `map={"text": "Body"}`,
    `role={"IVR2": "other"}`, `max_rejects=10`. Files that they name are read on the driver. Settings files and variables of the
    machines do not count. Without `language`, turns are read once more before, for a sample of their languages.

    `silence` is for how many seconds a child may give no sign of life. `persist=False` is for clusters that can't keep rows: calls
    are then scored once for the agents, and again for each use of `calls`. `program` is the path of the program on every node, where
    it is not the one of the package.

    Raises UndertoneError for what can't be used, before any task or, as the cause of Spark's own exception, in one. Rows that can't be
    used are left out with a warning, up to `max_rejects`.
    """
    run = _Run(program, silence, _flags(settings))
    plan = json.loads(run.ask("plan", json.dumps({"columns": _columns(turns)}).encode()))
    run.ship(plan["files"], plan["version"])
    rows, schema = _chosen(turns, plan)
    if plan["survey"]:
        turns_only = rows.drop(_CALL, _PLACE)
        sample = turns_only.mapInArrow(run.task("survey", schema), "sampled string").collect()
        lines = "".join(f"{row.sampled}\n" for row in sample)
        run.flags["calls"] = ["--languages", run.ask("languages", lines.encode()).strip()]
    # The program groups a partition's rows by call; all that it needs is their order.
    together = rows.repartition(_CALL).sortWithinPartitions(_PLACE).drop(_CALL, _PLACE)
    scored = together.mapInArrow(run.task("calls", schema), _ddl(plan["calls"] + plan["sums"]))
    if persist:
        scored = scored.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        agents = run.finish(_totals(scored, plan["sums"]), plan["sums"])
    except BaseException:
        if persist:
            scored.unpersist()
        raise
    session = turns.sparkSession
    analysis = Analysis(
        scored.where(F.col("part").isNull()).select(*(name for name, _ in plan["calls"])),
        session.createDataFrame(agents, _ddl(plan["agents"])),
    )
    analysis._kept = scored if persist else None
    return analysis


def _flags(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings as flags with their arguments."""

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

    flags = []
    for name, value in settings.items():
        flag = name.replace("_", "-")
        if isinstance(value, dict):
            flags += [(flag, f"{key}={of}") for key, of in value.items()]
        elif value is not None:
            flags.append((flag, text(value)))
    return flags


def _columns(turns: DataFrame) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in turns.schema.fields]


def _ddl(columns: list[list[str]]) -> str:
    return ", ".join(f"`{name}` {kind}" for name, kind in columns)


def _chosen(turns: DataFrame, plan: dict) -> tuple[DataFrame, list[str]]:
    """The columns that are read, with what brings a call's rows together in their order; and their names."""
    names = turns.columns
    # By place, as two columns may have one name.
    by_place = turns.toDF(*(f"c{at}" for at in range(len(names))))

    def column(at: int):
        value = F.col(f"c{at}")
        # Bytes that are no UTF-8 then cost their row, and not the batch.
        is_text = isinstance(turns.schema.fields[at].dataType, StringType)
        return (value.cast("binary") if is_text else value).alias(f"c{at}")

    call = F.translate(F.col(f"c{plan['call_id']}").cast("string"), _WHITE_SPACE, "")
    columns = [column(at) for at in plan["used"]]
    rows = by_place.select(*columns, call.alias(_CALL), F.monotonically_increasing_id().alias(_PLACE))
    return rows, [names[at] for at in plan["used"]]


def _totals(scored: DataFrame, columns: list[list[str]]) -> DataFrame:
    """Rows of sums, each key once."""
    keys = [name for name, kind in columns if not kind.startswith("decimal")]
    sums = [name for name, kind in columns if kind.startswith("decimal")]
    return scored.where(F.col("part").isNotNull()).groupBy(*keys).agg(*(F.sum(name).alias(name) for name in sums))


class _Run:
    """One analysis: the program, its flags, and the files that these name. Tasks have a copy."""

    def __init__(self, program: str | None, silence: float, flags: list[tuple[str, str]]):
        self.program = program
        self.silence = silence
        self.settings = flags
        # Flags of a step.
        self.flags: dict[str, list[str]] = {}
        self.files: dict[str, bytes] = {}
        self.version: str | None = None

    def ship(self, files: dict[str, str], version: str) -> None:
        """Reads the files that flags name, so that tasks have them wherever they run."""
        self.files = {flag: Path(path).read_bytes() for flag, path in files.items()}
        self.version = version

    def child(self, step: str, home: str) -> Child:
        """The program at a step. Settings stand in flags alone, and its files in `home`."""
        empty = Path(home, "undertone.toml")
        empty.touch()
        for flag, content in self.files.items():
            Path(home, flag).write_bytes(content)
        own = {flag: str(Path(home, flag)) for flag in self.files}
        flags = [f"--{flag}={own.get(flag, value)}" for flag, value in self.settings]
        arguments = [self.program or find_program(), "exchange", step, "--config", str(empty), *flags]
        return Child(arguments + self.flags.get(step, []), self.silence)

    def ask(self, step: str, lines: bytes) -> str:
        """What the program prints at a step on the driver."""
        with tempfile.TemporaryDirectory(prefix="undertone-") as home, self.child(step, home) as child:
            printed = child.text(lines)
            self._tell(child)
            return printed

    def task(self, step: str, names: list[str]):
        """What a task does with its batches at a step."""

        def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            feed = (pa.RecordBatch.from_arrays(batch.columns, names=names) for batch in batches)
            first = next(feed, None)
            if first is None:
                return
            with tempfile.TemporaryDirectory(prefix="undertone-") as home, self.child(step, home) as child:
                yield from child.batches(_chain(first, feed), first.schema, self.version)
                warn(child.said())

        return work

    def finish(self, totals: DataFrame, columns: list[list[str]]) -> list[tuple]:
        """The rows of agents, whose sums are `totals`."""
        schema = pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in columns])

        def batches() -> Iterator[pa.RecordBatch]:
            rows = totals.toLocalIterator()
            while some := [row for _, row in zip(range(_ROWS_AT_ONCE), rows)]:
                columns = [pa.array(values, field.type) for values, field in zip(zip(*some), schema)]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

        with tempfile.TemporaryDirectory(prefix="undertone-") as home, self.child("agents", home) as child:
            answers = child.batches(batches(), schema, self.version)
            agents = [tuple(row.values()) for batch in answers for row in batch.to_pylist()]
            self._tell(child)
            return agents

    @staticmethod
    def _tell(child: Child) -> None:
        if said := child.said():
            warnings.warn(said, stacklevel=4)


def _chain(first: pa.RecordBatch, others: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from others
