"""What every bench needs: build the programs, run one with its time and memory metered, start a stand-in, compare.

Only Python's standard library. Everything is written below target/bench. Set UNDERTONE to measure another binary
than target/release/undertone.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "target" / "bench"
RELEASE = ROOT / "target" / "release"
BASELINES = ROOT / "benches"


def build(*more, features=None):
    """Builds the program and the examples the benches use, optimised; `more` names further examples, and `features` what
    the program has besides the default."""
    BENCH.mkdir(parents=True, exist_ok=True)
    cargo = ["cargo", "build", "--release", "--locked", "--quiet"]
    examples = ["--example", "standin", "--example", "make_turns"]
    examples += [part for name in more for part in ("--example", name)]
    examples += ["--features", features] if features else []
    if "UNDERTONE" in os.environ:
        # The examples alone need nothing of the service's SDK.
        subprocess.run([*cargo, "--no-default-features", *examples], cwd=ROOT, check=True)
    else:
        subprocess.run([*cargo, "--bin", "undertone", *examples], cwd=ROOT, check=True)


def undertone():
    return os.environ.get("UNDERTONE", str(RELEASE / "undertone"))


def turns(count, name=None, *flags):
    """A CSV file of `count` generated turns; written once per set of flags."""
    path = BENCH / (name or f"turns-{count}.csv")
    note = path.with_suffix(".made")
    recipe = f"{count} {' '.join(flags)}"
    if not (note.exists() and note.read_text() == recipe):
        make = [RELEASE / "examples" / "make_turns", "--turns", str(count), "--out", path, *flags]
        subprocess.run(make, check=True)
        note.write_text(recipe)
    return path


@dataclass
class Run:
    """One finished process."""

    seconds: float
    mebibytes: float
    code: int
    output: str


def run(*command, environment=None, accept=(0,)):
    """Runs a command to its end, with wall time and peak memory of that process alone."""
    log = BENCH / "output.txt"
    with open(log, "w+b") as output:
        start = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**clean_environment(), **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    finished = Run(seconds, usage.ru_maxrss / 1024, process.returncode, log.read_text(errors="replace"))
    if finished.code not in accept:
        sys.exit(f"{' '.join(map(str, command))}\nexit code {finished.code}\n{finished.output[-4000:]}")
    return finished


def clean_environment():
    """Without anything that would configure the program or an SDK behind a bench's back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "UNDERTONE"))}


def analyze(inputs, out, *flags, environment=None, accept=(0,)):
    """`undertone analyze` into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return run(undertone(), "analyze", *inputs, "--out", out, *flags, environment=environment, accept=accept)


class Standin:
    """A stand-in for Comprehend as a process of its own; flags as in `cargo run --example standin -- --help`."""

    def __init__(self, **flags):
        self.flags = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]

    def __enter__(self):
        self.process = subprocess.Popen(
            [RELEASE / "examples" / "standin", *self.flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.endpoint = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()

    @property
    def environment(self):
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stats(self):
        with urllib.request.urlopen(self.endpoint + "/stats") as answer:
            return json.load(answer)


def report(out):
    """run.json of a finished run."""
    return json.loads((Path(out) / "run.json").read_text())


def digests(out, names=("calls.csv", "agents.csv", "segments.csv", "failures.csv")):
    """The hash of each of a run's tables that is there."""
    files = [Path(out) / name for name in names]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}


class Verdicts:
    """Prints figures beside what they must reach, and remembers whether all did."""

    def __init__(self):
        self.missed = 0

    def at_least(self, what, value, bound, form="{:.3f}"):
        self._judge(what, value, value >= bound, "at least", bound, form)

    def at_most(self, what, value, bound, form="{:.3f}"):
        self._judge(what, value, value <= bound, "at most", bound, form)

    def holds(self, what, truth):
        self._judge(what, "yes" if truth else "no", truth, "must be", "yes", "{}")

    def _judge(self, what, value, reached, how, bound, form):
        self.missed += not reached
        mark = "ok    " if reached else "MISSED"
        print(f"{mark}  {what}: {form.format(value)} ({how} {form.format(bound)})", flush=True)

    def exit(self):
        sys.exit(1 if self.missed else 0)
