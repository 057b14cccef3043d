"""One night of undertone. Copy it into the folder of DAGs; `undertone` is on the worker's PATH.

Variables: undertone_inputs (default /srv/exports), undertone_into (default /srv/undertone).
"""

import subprocess
from datetime import datetime, timedelta

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import Variable, dag, get_current_context, task

# Published: all of it; but for some segments or rows, which failures.csv and the run's record list.
PUBLISHED = {0, 3}
# The service is out of reach; another night holds the folder.
WORTH_ANOTHER_TRY = {69, 75}


@task(retries=3, retry_delay=timedelta(minutes=15))
def nightly():
    inputs = Variable.get("undertone_inputs", default="/srv/exports")
    into = Variable.get("undertone_into", default="/srv/undertone")
    # The date of calls that state none: the first day of the interval, never the clock's.
    date = get_current_context()["data_interval_start"].strftime("%Y-%m-%d")
    run(["undertone", "nightly", inputs, "--into", into, "--call-date", date])


def run(command):
    code = subprocess.run(command, check=False).returncode
    if code in PUBLISHED:
        return
    failure = AirflowException if code in WORTH_ANOTHER_TRY or code < 0 else AirflowFailException
    raise failure(f"undertone ended with {code}; the reason is in the lines above")


@dag(
    dag_id="undertone_nightly",
    description="Sentiment of the new calls, date by date",
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    # A night takes in all that is new, whatever its date: a missed one needs no run of its own.
    catchup=False,
    max_active_runs=1,
    tags=["undertone"],
)
def undertone_nightly():
    nightly()


undertone_nightly()
