"""Jobs at the size of their purpose: documents out to a bucket and back as scores, in bounded memory.

    python3 benches/jobs.py                  1,000,000 documents of 500 characters, 500 MB, about ten minutes
    python3 benches/jobs.py 200000           fewer, with the bounds in proportion

The stand-ins for Comprehend and S3 are one process on this machine, which checks every signature and body: what it
takes is in the time, so the rate out is that of both. Memory and processor time are the program's alone. Out is from the first
text that is looked at to the last; in from the end of the first job to the last score that is stored. Jobs take long
enough that the two do not overlap.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from measure import BENCH, RELEASE, ROOT, Verdicts, clean_environment, undertone

CHARS = 500


def documents(count):
    """A CSV file of one turn a call and a document, each some 500 characters and different from all others."""
    path = BENCH / f"documents-{count}.csv"
    if not path.exists():
        words = "the order was late and nobody called back although they promised twice to look into it today".split()
        filler = " ".join(words * 10)[: CHARS - 60]
        with open(path, "w") as out:
            out.write("call_id,speaker,agent_id,language,text\n")
            for number in range(count):
                out.write(f"c{number},customer,a{number % 100},en,number {number} of many: {filler} thank you\n")
    return path


class Services:
    """The stand-ins as one process."""

    def __init__(self, takes):
        self.takes = takes

    def __enter__(self):
        program = RELEASE / "examples" / "jobs_standin"
        self.process = subprocess.Popen([program, f"--takes={self.takes}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.environment = {}
        while line := self.process.stdout.readline().strip():
            name, value = line.removeprefix("export ").split("=", 1)
            self.environment[name] = value
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def seen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Watched(threading.Thread):
    """Processor seconds and memory of a process, by the wall clock."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.stat, self.samples = Path(f"/proc/{process.pid}/stat"), []
        self.start()

    def run(self):
        ticks = os.sysconf("SC_CLK_TCK")
        try:
            while True:
                fields = self.stat.read_text().rsplit(")", 1)[1].split()
                used, mebibytes = (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
                self.samples.append((time.time(), used, mebibytes))
                time.sleep(0.02)
        except (OSError, IndexError):
            pass

    def between(self, start, end):
        at = lambda moment: next((used for when, used, _ in self.samples if when >= moment), self.samples[-1][1])
        return at(end) - at(start)

    def peak(self, start, end):
        return max((mebibytes for when, _, mebibytes in self.samples if start <= when <= end), default=0)


def run(source, environment):
    """Runs by jobs: peak MiB, seconds out, processor seconds in, run.json."""
    log, out = BENCH / "jobs.log", BENCH / "jobs"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(BENCH / "jobs-cache", ignore_errors=True)
    command = [undertone(), "analyze", source, "--engine", "comprehend", "--via", "jobs", "--out", out, "--redact", "off"]
    command += ["--granularity", "turn", "--cache", BENCH / "jobs-cache", "-v", "--log-format", "json"]
    with open(log, "w+b") as events:
        process = subprocess.Popen([str(part) for part in command], stdout=events, stderr=subprocess.STDOUT, env=environment)
        watched = Watched(process)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}\n{text[-3000:]}")
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    moments = lambda holds: [datetime.fromisoformat(e["timestamp"]).timestamp() for e in events if holds(json.dumps(e))]
    (begun,), (sent,) = moments(lambda e: "new texts go into files" in e), moments(lambda e: "all texts were looked at" in e)
    done = moments(lambda e: '"completed"' in e), moments(lambda e: " completed: " in e)
    if min(done[0]) < sent:
        sys.exit("a job has ended before all were out: give --takes more")
    record = json.loads((out / "run.json").read_text())
    phases = {"out": (begun, sent), "in": (min(done[0]), max(done[1])), "the run itself": (max(done[1]), time.time())}
    print("MiB at most:", ", ".join(f"{name} {watched.peak(*phase):.0f}" for name, phase in phases.items()))
    return usage.ru_maxrss / 1024, sent - begun, watched.between(min(done[0]), max(done[1])), record


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    BENCH.mkdir(parents=True, exist_ok=True)
    if "UNDERTONE" not in os.environ:
        build = ["cargo", "build", "--release", "--locked", "--quiet", "--features", "jobs", "--bin", "undertone"]
        subprocess.run([*build, "--example", "jobs_standin"], cwd=ROOT, check=True)
    source = documents(count)
    verdicts = Verdicts()
    with Services(takes=10 + count / 10_000) as services:
        environment = {**clean_environment(), **services.environment, "UNDERTONE_JOBS_POLL": "200ms"}
        mebibytes, out, processor, record = run(source, environment)
        seen = services.seen()
        megabytes = count * CHARS / 1e6
        print(f"{count:,} documents, {megabytes:.0f} MB, {seen['jobs']} jobs, seconds by phase: {record['seconds']}")
        verdicts.at_most("peak memory, MiB", mebibytes, 256, "{:.0f}")
        verdicts.at_least("MB/s out", megabytes / out, 50, "{:.0f}")
        verdicts.at_most("processor seconds in, for a million documents", processor * 1e6 / count, 20, "{:.1f}")
        verdicts.holds("every document was scored in a job, and once", (seen["scored"], seen["again"]) == (count, 0))
        verdicts.holds("nothing is left in the bucket", seen["objects_left"] == 0)
    verdicts.exit()


if __name__ == "__main__":
    main()
