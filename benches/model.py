"""The local model on texts that it never saw, through `evaluate`: quality, calibration, speed, start, adaptation.

    python3 benches/model.py DATA      about ten minutes

DATA holds the public sets that models/MODEL_CARD.md names: `labels/` and `transcripts/star_dev.csv`. A set that the
shipped model learned from is judged by a model trained the same way without it.
"""

import csv
import functools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import BENCH, ROOT, Verdicts, analyze, build, report, run, turns, undertone

SETS = ["goemotions_train", "goemotions_dev", "vader_amazon_dev", "vader_tweets_dev", "vader_movie_dev",
        "vader_nyt_dev", "senti4sd_train", "product_reviews_train", "xed_en_train", "semeval_train", "mams_train"]
ADAPTING_LABELS = 500


def evaluate(file, *arguments):
    """The evaluation of a file as JSON."""
    done = subprocess.run([undertone(), "evaluate", file, "--json", "-q", *map(str, arguments)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def figures(file, *arguments):
    return evaluate(file, *arguments)["engines"][0]["texts"]


def shown(interval):
    return f"{interval['value']:.3f} ({interval['low']:.3f} to {interval['high']:.3f})"


@functools.cache
def without(labels, name):
    """A model trained as the shipped one is, but for one set."""
    path = BENCH / f"without-{name}.model"
    files = [labels / f"{other}.csv" for other in SETS if other != name]
    run(undertone(), "train", *files, "--from", "none", "--priors", "even", "--out", path)
    return path


def quality(verdicts, labels, transcripts):
    held_out = {"tweeteval_val": ("local", "macro_recall", 0.66)}
    for name, least in (("vader_amazon_dev", 0.58), ("goemotions_dev", 0.64)):
        held_out[name] = (without(labels, name), "macro_f1", least)
    for name, (engine, figure, least) in held_out.items():
        plain = figures(labels / f"{name}.csv", "--engine", engine)
        spoken = figures(labels / f"{name}.csv", "--engine", engine, "--spoken")
        what = figure.replace("_", " ")
        print(f"{name}: {what} {shown(plain[figure])}, as speech recognition writes {shown(spoken[figure])}")
        verdicts.at_least(f"{name}, {what}", plain[figure]["value"], least)
        verdicts.at_most(f"{name}, lost without case and punctuation", plain[figure]["value"] - spoken[figure]["value"], 0.02)
        verdicts.at_most(f"{name}, calibration error", plain["calibration_error"]["value"], 0.05)
    star = evaluate(labels / "star_dev_calls.csv", "--input", transcripts / "star_dev.csv", "--engine", "local",
                    "--engine", "vader")
    for engine in star["engines"]:
        print(f"star_dev, {engine['name']}: " + ", ".join(f"{m['measure']} {shown(m['auc'])}" for m in engine["calls"]))
    verdicts.at_least("star_dev, AUC of customer_score", star["engines"][0]["calls"][0]["auc"]["value"], 0.78)


def adaptation(verdicts, labels):
    """500 labels of a set that the base never saw; judged on the rest of it."""
    for name in ("senti4sd_train", "vader_amazon_dev"):
        base = without(labels, name)
        with open(labels / f"{name}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        random.Random(1).shuffle(rows)
        parts = {"few": rows[:ADAPTING_LABELS], "rest": rows[ADAPTING_LABELS:]}
        for part, chosen in parts.items():
            with open(BENCH / f"{name}-{part}.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["text", "label"], extrasaction="ignore")
                writer.writeheader()
                writer.writerows(chosen)
        own = BENCH / f"{name}-own.model"
        done = run(undertone(), "train", BENCH / f"{name}-few.csv", "--from", base, "--out", own)
        rest = evaluate(BENCH / f"{name}-rest.csv", "--engine", base, "--engine", own)
        before, after = (engine["texts"]["macro_f1"] for engine in rest["engines"])
        rise = rest["comparisons"][0]["difference"]
        print(f"{name}: macro F1 {shown(before)}, with {ADAPTING_LABELS} labels {shown(after)}, rise {shown(rise)}")
        verdicts.at_most(f"{name}, seconds to adapt", done.seconds, 5)
        if name == "senti4sd_train":
            verdicts.at_least(f"{name}, least of the rise's interval", rise["low"], 0.0)


def speed(verdicts):
    verdicts.at_most("MB of weights", (ROOT / "models" / "shipped.bin").stat().st_size / 1e6, 4, "{:.2f}")
    source = turns(1_000_000)
    with open(source, newline="", encoding="utf-8") as file:
        words = statistics.mean(len(row["text"].split()) for row in csv.DictReader(file))
    seconds = float("inf")
    for _ in range(3):
        analyze(source, BENCH / "speed", "--language", "en")
        seconds = min(seconds, report(BENCH / "speed")["seconds"]["score"])
    per_core = 1_000_000 / seconds / os.cpu_count()
    print(f"a million turns of {words:.1f} words cut, scored and rolled up in {seconds:.2f} s on {os.cpu_count()} cores")
    verdicts.at_least("turns of 15 words a second and core", per_core * words / 15, 100_000, "{:.0f}")
    one = BENCH / "one.csv"
    one.write_text("text,label\nhello,neutral\n", encoding="utf-8")
    typical = lambda *command: statistics.median(timed(*command) for _ in range(31))
    extra = typical("evaluate", one, "--engine", "local", "-q") - typical("--help")
    verdicts.at_most("ms that judging one text takes more than --help", extra * 1e3, 10, "{:.1f}")


def timed(*arguments):
    begun = time.monotonic()
    subprocess.run([undertone(), *map(str, arguments)], check=True, capture_output=True)
    return time.monotonic() - begun


def main():
    data = Path(sys.argv[1])
    build()
    verdicts = Verdicts()
    speed(verdicts)
    quality(verdicts, data / "labels", data / "transcripts")
    adaptation(verdicts, data / "labels")
    verdicts.exit()


if __name__ == "__main__":
    main()
