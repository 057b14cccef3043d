"""Loads a table of an output directory into pandas, with the types of datapackage.json.

    from load_pandas import load
    calls = load("undertone-out", "calls")

What is unknown is missing (<NA>, NaT), never 0.
"""

import json
from pathlib import Path

import pandas

TYPES = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "string", "date": "string", "datetime": "string"}


def load(directory, name):
    package = json.loads((Path(directory) / "datapackage.json").read_text(encoding="utf-8-sig"))
    resource = next(resource for resource in package["resources"] if resource["name"] == name)
    fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    table = pandas.read_csv(
        Path(directory) / resource["path"],
        dtype={column: TYPES[kind] for column, kind in fields.items()},
        encoding=resource["encoding"],
        # An agent may be called "NA": only an empty cell is missing.
        keep_default_na=False,
        na_values={column: [""] for column in fields},
    )
    for column, kind in fields.items():
        if kind == "boolean":
            table[column] = table[column].map({"1": True, "0": False}).astype("boolean")
        elif kind == "date":
            table[column] = pandas.to_datetime(table[column], format="%Y-%m-%d")
        elif kind == "datetime":
            table[column] = pandas.to_datetime(table[column], format="ISO8601", utc=True)
    return table
