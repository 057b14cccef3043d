"""Loads output directories with everything in config/dashboards that can run here, and compares what arrives.

    python3 -m venv venv && venv/bin/pip install duckdb frictionless pandas polars pyarrow
    cargo run --release --example sample -- target/sample
    venv/bin/python tests/dashboards/check.py target/sample [--postgres DATABASE]

Each reader must find the same rows, the same empty cells and the same sums as the plain CSV has, and Frictionless
must find every file as datapackage.json describes it. `--postgres` loads into that database with psql.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parents[2] / "config" / "dashboards"
sys.path.insert(0, str(HERE))


def plain(directory, resource):
    """Rows, empty cells by column and sums of numbers by column, from the text of the file."""
    csv.field_size_limit(sys.maxsize)
    fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    rows, empty, sums = 0, dict.fromkeys(fields, 0), {}
    with open(directory / resource["path"], newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            rows += 1
            for column, kind in fields.items():
                if row[column] == "":
                    empty[column] += 1
                elif kind in ("number", "integer", "boolean"):
                    sums[column] = sums.get(column, 0.0) + float(row[column])
    return rows, empty, sums


def same(who, name, expected, found):
    rows, empty, sums = expected
    problems = []
    if rows != found[0]:
        problems.append(f"{found[0]} rows, not {rows}")
    problems += [f"{column}: {found[1][column]} empty, not {count}" for column, count in empty.items() if found[1][column] != count]
    problems += [
        f"{column}: sum {found[2].get(column)}, not {total}"
        for column, total in sums.items()
        if not math.isclose(found[2].get(column, math.nan), total, rel_tol=1e-9, abs_tol=1e-6)
    ]
    print(f"  {who:<12} {name:<9} {rows} rows {'ok' if not problems else problems[:5]}")
    return not problems


def of_pandas(directory, name, sums):
    from load_pandas import load

    table = load(directory, name)
    totals = {column: float(table[column].astype("Float64").sum()) for column in sums}
    return len(table), table.isna().sum().to_dict(), totals


def of_polars(directory, name, sums):
    from load_polars import load

    table = load(directory, name)
    totals = {column: float(table[column].sum()) for column in sums}
    return table.height, {column: table[column].null_count() for column in table.columns}, totals


def of_sql(query, name, columns, sums):
    parts = [f"count(*) - count({column})" for column in columns]
    parts += [f"sum(cast(cast({column} as int) as double precision))" if kind == "boolean" else f"sum({column})" for column, kind in sums]
    row = query(f"SELECT count(*), {', '.join(parts)} FROM {name}")
    empty = dict(zip(columns, map(int, row[1:])))
    totals = {column: float(total or 0) for (column, _), total in zip(sums, row[1 + len(columns):])}
    return int(row[0]), empty, totals


def duckdb_query(directory, detail):
    import duckdb

    connection = duckdb.connect()
    script = (HERE / "duckdb.sql").read_text()
    if detail:
        begin = script.index("-- CREATE OR REPLACE TABLE segments")
        end = script.index("CREATE OR REPLACE TABLE failures")
        script = script[:begin] + script[begin:end].replace("-- ", "") + script[end:]
    # As the command-line tool does: paths are taken from the directory.
    before = os.getcwd()
    os.chdir(directory)
    connection.execute(script)
    os.chdir(before)
    connection.execute((HERE / "queries.sql").read_text())
    return lambda query: connection.execute(query).fetchone()


def postgres_query(directory, detail, database):
    script = (HERE / "postgres.sql").read_text()
    if detail:
        begin, end = script.index("-- DROP TABLE IF EXISTS segments"), script.index("DROP TABLE IF EXISTS failures")
        script = script[:begin] + script[begin:end].replace("-- ", "") + script[end:]

    def psql(text):
        environment = os.environ | {"PGOPTIONS": "-c search_path=undertone"}
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-d", database]
        done = subprocess.run(command, input=text, text=True, cwd=directory, env=environment, capture_output=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    psql(script)
    psql((HERE / "queries.sql").read_text())
    return lambda query: [cell or None for cell in psql(query + ";").rstrip("\n").split("\t")]


def check(directory, database):
    print(directory)
    from frictionless import validate

    package = json.loads((directory / "datapackage.json").read_text(encoding="utf-8-sig"))
    names = {resource["name"] for resource in package["resources"]}
    report = validate(str(directory / "datapackage.json"))
    print(f"  frictionless {'ok' if report.valid else report.flatten(['type', 'note', 'rowNumber', 'fieldName'])[:5]}")
    good = report.valid
    detail = "segments" in names
    queries = {"duckdb": duckdb_query(directory, detail)}
    if database:
        queries["postgres"] = postgres_query(directory, detail, database)
    for resource in package["resources"]:
        name = resource["name"]
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        expected = plain(directory, resource)
        sums = list(expected[2])
        good &= same("pandas", name, expected, of_pandas(directory, name, sums))
        good &= same("polars", name, expected, of_polars(directory, name, sums))
        for who, query in queries.items():
            found = of_sql(query, name, list(kinds), [(column, kinds[column]) for column in sums])
            good &= same(who, name, expected, found)
        parquet = directory / f"{name}.parquet"
        if parquet.exists():
            found = of_sql(queries["duckdb"], f"'{parquet}'", list(kinds), [(column, kinds[column]) for column in sums])
            good &= same("parquet", name, expected, found)
    for who, query in queries.items():
        calls, scored, missing = (int(query(f"SELECT {column} FROM mood")[0]) for column in ("calls", "scored", "not_scored"))
        views = [int(query(f"SELECT count(*) FROM {view}")[0]) for view in ("funnel", "days", "queues")]
        good &= calls == scored + missing
        print(f"  {who:<12} views     {calls} = {scored} + {missing}; funnel, days, queues: {views}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=pathlib.Path)
    parser.add_argument("--postgres", metavar="DATABASE")
    arguments = parser.parse_args()
    sys.exit(0 if all([check(directory.resolve(), arguments.postgres) for directory in arguments.directories]) else 1)


if __name__ == "__main__":
    main()
