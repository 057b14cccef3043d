"""Queries the folder of `undertone nightly --into DIR` with everything in config/dashboards that can run here.

    venv/bin/pip install duckdb frictionless pandas polars pyarrow sqlglot
    venv/bin/python tests/dashboards/nights.py DIR [--postgres DATABASE]

DuckDB's views over the partitions must hold the rows, empty cells and sums of the plain files, and so must Athena's, whose
statements are parsed, and whose views run in DuckDB over tables of text in the place of Athena's own. `--postgres` loads
that database with psql and asks it every question of the Grafana dashboard.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

from check import HERE, of_sql, plain, same


def partitions(directory, resource):
    """What `check.plain` finds, over all files of a table."""
    paths = resource["path"] if isinstance(resource["path"], list) else [resource["path"]]
    rows, empty, sums = 0, {}, {}
    for path in paths:
        found = plain(directory, resource | {"path": path})
        rows += found[0]
        empty = {column: empty.get(column, 0) + count for column, count in found[1].items()}
        sums = {column: sums.get(column, 0.0) + found[2].get(column, 0.0) for column in sums | found[2]}
    return rows, empty, sums


def duckdb_views(connection):
    connection.execute((HERE / "duckdb-nightly.sql").read_text())
    return lambda query: connection.execute(query).fetchone()


def athena_views(connection):
    import sqlglot

    connection.execute("CREATE SCHEMA undertone")
    for statement in sqlglot.parse((HERE / "athena.sql").read_text(), read="athena"):
        sql = statement.sql("athena")
        if statement.kind == "TABLE":
            name = statement.find(sqlglot.exp.Table).name
            columns = [column.name for column in statement.this.expressions]
            types = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
            # By position and as text, as OpenCSVSerde reads; the folder's name is the partition's key.
            connection.execute(
                f"CREATE VIEW undertone.{name} AS SELECT * EXCLUDE (filename), regexp_extract(filename, 'call_date=([^/]*)', 1)"
                f" AS call_date FROM read_csv('{name.removesuffix('_text')}/call_date=*/*.csv', skip = 1, header = false,"
                f" all_varchar = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '\\N',"
                f" hive_partitioning = false, filename = true, columns = {{{types}}})"
            )
        elif statement.kind == "VIEW":
            connection.execute(sqlglot.transpile(sql, read="athena", write="duckdb")[0])
    return lambda query: connection.execute(query).fetchone()


def grafana(directory, database):
    """Every question of the dashboard, in PostgreSQL; each must have an answer, the annotations' one may be empty."""

    def psql(*arguments, folder=directory):
        environment = os.environ | {"PGOPTIONS": "-c search_path=undertone"}
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments]
        done = subprocess.run(command, text=True, cwd=folder, env=environment, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout.splitlines()

    psql("-f", HERE / "postgres.sql", folder=directory / "latest")
    psql("-f", HERE / "postgres-nightly.sql", folder=directory / "days")
    psql("-f", HERE / "queries.sql")
    dashboard = json.loads((HERE / "grafana" / "undertone.json").read_text())
    targets = [(panel["title"], panel["targets"][0]["rawSql"]) for panel in dashboard["panels"]]
    targets += [(each["name"], each["target"]["rawSql"]) for each in dashboard["annotations"]["list"]]
    good = True
    for title, sql in targets:
        rows = len(psql("-c", re.sub(r"\$__timeFilter\(([^()]*)\)", r"\1 BETWEEN '2000-01-01' AND '2100-01-01'", sql)))
        answered = rows > 0 or title in ("Alarms in words", "Baseline starts")
        good &= answered
        print(f"  grafana      {title}: {rows} rows{'' if answered else ', none'}")
    return good


def main():
    import duckdb

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--postgres", metavar="DATABASE")
    arguments = parser.parse_args()
    directory = arguments.directory.resolve()
    package = json.loads((directory / "datapackage.json").read_text(encoding="utf-8-sig"))
    good = True
    os.chdir(directory)
    readers = {
        "duckdb": (duckdb_views(duckdb.connect()), "{}"),
        "athena": (athena_views(duckdb.connect()), "undertone.{}"),
    }
    for resource in package["resources"]:
        if isinstance(resource["path"], str) or resource["name"] not in ("calls", "agents", "agents_28d"):
            continue
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        expected = partitions(directory, resource)
        sums = [(column, kinds[column]) for column in expected[2]]
        for who, (query, name) in readers.items():
            found = of_sql(query, name.format(resource["name"]), list(kinds), sums)
            good &= same(who, resource["name"], expected, found)
    if arguments.postgres:
        good &= grafana(directory, arguments.postgres)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
