"""Jobs at the size of their purpose: documents out to a bucket and back as scores, in bounded memory; and kills on the way.

    python3 benches/jobs.py                          1,000,000 documents of 500 characters, 500 MB, about ten minutes
    python3 benches/jobs.py 200000                   fewer
    python3 benches/jobs.py --way sagemaker 100000   by the jobs of another engine
    python3 benches/jobs.py --way bedrock --kills 20

The stand-ins for a service and S3 are one process on this machine, which checks every signature and body: what it
takes is in the time, so the rate out is that of both. Memory and processor time are the program's alone. Out is from the first
text that is looked at to the last; in from the end of the first job after that to the last score that is stored. Jobs take
long enough that the two do not overlap.

Kills come at random moments of a run, of a seed; each next run goes on, and one that ends by itself begins another story
with nothing stored. Each story's last run ends, and must leave what an undisturbed one does.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from measure import BENCH, RELEASE, ROOT, Verdicts, clean_environment, digests, undertone

CHARS = 500
# Documents of a run that is killed, and of each of its jobs: more than one part of an upload.
KILLED, PART = 40_000, 15_000
# What is sent besides documents at most: fixed texts, and lines that fill a file up.
BESIDES = 40
LABELS = 'labels = {{ {} = "positive", {} = "negative", {} = "neutral", {} = "mixed" }}'
CLASSIFIER = "arn:aws:comprehend:us-east-1:111122223333:document-classifier/ours/version/1"
# The settings of each way, and the MB a second that it must reach.
WAYS = {
    "comprehend": ("", 50),
    "comprehend-custom": (
        f'[comprehend-custom]\nclassifier-arn = "{CLASSIFIER}"\n' + LABELS.format("glad", "cross", "plain", "both"),
        50,
    ),
    "sagemaker": (
        '[sagemaker]\nformat = "huggingface"\nmodel-name = "ours-model-1"\ninstance-type = "ml.m5.xlarge"\n'
        + LABELS.format("POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"),
        25,
    ),
    "bedrock": ("", 25),
}


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

    def __init__(self, way, takes, *flags):
        self.flags = [f"--way={way}", f"--takes={takes}", *flags]

    def __enter__(self):
        program = RELEASE / "examples" / "jobs_standin"
        self.process = subprocess.Popen([program, *self.flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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


def command(way, source, out, cache):
    """A run by jobs."""
    settings = BENCH / f"jobs-{way}.toml"
    settings.write_text(f'engine = "{way}"\nvia = "jobs"\nredact = "off"\n{WAYS[way][0]}\n')
    line = [undertone(), "analyze", source, "--config", settings, "--granularity", "turn", "--cache", cache, "--out", out]
    return [str(part) for part in [*line, "-v", "--log-format", "json"]]


def run(way, source, environment):
    """Runs by jobs: peak MiB, seconds out, processor seconds in, run.json."""
    log, out, cache = BENCH / "jobs.log", BENCH / "jobs", BENCH / "jobs-cache"
    for folder in (out, cache):
        shutil.rmtree(folder, ignore_errors=True)
    with open(log, "w+b") as events:
        process = subprocess.Popen(command(way, source, out, cache), stdout=events, stderr=subprocess.STDOUT, env=environment)
        watched = Watched(process)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}\n{text[-3000:]}")
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    moments = lambda holds: [datetime.fromisoformat(e["timestamp"]).timestamp() for e in events if holds(json.dumps(e))]
    (begun,), (sent,) = moments(lambda e: "new texts go into files" in e), moments(lambda e: "all texts were looked at" in e)
    # A job of fixed texts may come before.
    ended = [moment for moment in moments(lambda e: '"completed"' in e.lower()) if moment > begun]
    done = moments(lambda e: " completed: " in e)
    if min(ended) < sent:
        sys.exit("a job has ended before all were out: give --takes more")
    record = json.loads((out / "run.json").read_text())
    phases = {"out": (begun, sent), "in": (min(ended), max(done)), "the run itself": (max(done), time.time())}
    print("MiB at most:", ", ".join(f"{name} {watched.peak(*phase):.0f}" for name, phase in phases.items()))
    return usage.ru_maxrss / 1024, sent - begun, watched.between(min(ended), max(done)), record


def size(way, count, verdicts):
    """Out and back."""
    source = documents(count)
    with Services(way, takes=10 + count / 10_000) as services:
        environment = {**clean_environment(), **services.environment, "UNDERTONE_JOBS_POLL": "200ms"}
        mebibytes, out, processor, record = run(way, source, environment)
        seen = services.seen()
    megabytes = count * CHARS / 1e6
    print(f"{way}: {count:,} documents, {megabytes:.0f} MB, {seen['jobs']} jobs, seconds by phase: {record['seconds']}")
    verdicts.at_most("peak memory, MiB", mebibytes, 256, "{:.0f}")
    verdicts.at_least("MB/s out", megabytes / out, WAYS[way][1], "{:.0f}")
    verdicts.at_most("processor seconds in, for a million documents", processor * 1e6 / count, 20, "{:.1f}")
    in_jobs = sum(job["documents"] for job in record["jobs"])
    is_all = record["counts"]["scored"] == count and count <= seen["scored"] == in_jobs <= count + BESIDES
    verdicts.holds("every document was scored in a job, and once", is_all and seen["again"] == 0)
    verdicts.holds("nothing is left in the bucket", seen["objects_left"] == 0)


def kills(way, number, verdicts):
    """Kills at random moments."""
    source, dice, killed, stories = documents(KILLED), random.Random(20), 0, []
    out, cache = BENCH / "jobs", BENCH / "jobs-cache"

    def story(most, seconds):
        """Runs that are killed until one ends by itself, or `most` were; then a last one."""
        for folder in (out, cache):
            shutil.rmtree(folder, ignore_errors=True)
        with Services(way, 2, "--hurried") as services:
            more = {"UNDERTONE_JOBS_POLL": "100ms", "UNDERTONE_JOBS_PART": str(PART)}
            environment, deaths = {**clean_environment(), **services.environment, **more}, 0
            start = lambda events: subprocess.Popen(command(way, source, out, cache), stdout=events, stderr=events, env=environment)
            with open(BENCH / "jobs.log", "w+b") as events:
                while deaths < most:
                    process = start(events)
                    try:
                        process.wait(dice.uniform(0.02, 0.9 * seconds))
                        break
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
                        deaths += 1
                begun = time.monotonic()
                if start(events).wait() != 0:
                    sys.exit((BENCH / "jobs.log").read_text(errors="replace")[-3000:])
            return deaths, time.monotonic() - begun, digests(out), services.seen()

    _, seconds, expected, _ = story(0, 0)
    while killed < number:
        stories.append(story(number - killed, seconds))
        killed += stories[-1][0]
    print(f"{way}: {killed} kills in {len(stories)} stories of {KILLED:,} documents, within {seconds:.1f} s of each start")
    verdicts.holds("the bytes of an undisturbed run", all(found == expected for _, _, found, _ in stories))
    seen = [seen for *_, seen in stories]
    verdicts.holds("no text in two jobs, no name for two", all(s["again"] == 0 and s["names"] == s["jobs"] for s in seen))
    verdicts.holds("no object and no upload is left", all(s["objects_left"] == 0 for s in seen))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("count", type=int, nargs="?", default=1_000_000)
    arguments.add_argument("--way", choices=WAYS, default="comprehend")
    arguments.add_argument("--kills", type=int)
    given = arguments.parse_args()
    BENCH.mkdir(parents=True, exist_ok=True)
    if "UNDERTONE" not in os.environ:
        build = ["cargo", "build", "--release", "--locked", "--quiet", "--features", "bedrock,jobs,sagemaker"]
        subprocess.run([*build, "--bin", "undertone", "--example", "jobs_standin"], cwd=ROOT, check=True)
    verdicts = Verdicts()
    if given.kills:
        kills(given.way, given.kills, verdicts)
    else:
        size(given.way, given.count, verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
