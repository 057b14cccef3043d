"""Loads a table of an output directory into polars, with the types of datapackage.json.

    from load_polars import load
    calls = load("undertone-out", "calls")

What is unknown is null, never 0.
"""

import json
from pathlib import Path

import polars

TYPES = {"string": polars.String, "integer": polars.Int64, "number": polars.Float64}


def load(directory, name):
    package = json.loads((Path(directory) / "datapackage.json").read_text(encoding="utf-8-sig"))
    resource = next(resource for resource in package["resources"] if resource["name"] == name)
    fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    table = polars.read_csv(
        Path(directory) / resource["path"],
        schema_overrides={column: TYPES.get(kind, polars.String) for column, kind in fields.items()},
        null_values=[""],
    )
    conversions = {
        "boolean": lambda column: polars.col(column) == "1",
        "date": lambda column: polars.col(column).str.to_date("%Y-%m-%d"),
        "datetime": lambda column: polars.col(column).str.to_datetime(time_zone="UTC"),
    }
    return table.with_columns(
        [conversions[kind](column).alias(column) for column, kind in fields.items() if kind in conversions]
    )
