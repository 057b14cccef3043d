"""Whether the decision's intervals and its "more labels" keep what they promise.

    python3 benches/decision.py [DRAWS]      200 draws unless told, about two minutes

Texts are made of words of feeling and others, and a fifth of their labels is drawn by chance, so that two models are both
wrong at times. What two engines differ by is known from 10,000 of them; `evaluate` then sees draws of 100. Checked: how
often the 95 % interval of the paired difference holds what is known; and, where a draw names about the true difference,
how often a draw with as many labels more shows it. Python's standard library alone.
"""

import csv
import json
import os
import random
import subprocess
import sys

from measure import BENCH, Verdicts, build, undertone

FEELING = {
    "positive": "great lovely happy thanks perfect brilliant wonderful glad".split(),
    "negative": "awful broken angry terrible useless rude worst upset".split(),
    "neutral": "order number address router parcel contract letter office".split(),
}
OTHER = "the my with about again that for when you it is on and so then here week call line".split()
DRAW = 100


def texts(chance, count, by_chance=0.2):
    """So many texts with labels, of which this share is drawn by chance."""
    for _ in range(count):
        label = chance.choice(list(FEELING))
        words = chance.choices(OTHER, k=9) + chance.choices(FEELING[label], k=chance.choice([1, 1, 2]))
        if chance.random() < 0.3:
            words += chance.choices(FEELING[chance.choice(list(FEELING))], k=1)
        chance.shuffle(words)
        yield " ".join(words), chance.choice(list(FEELING)) if chance.random() < by_chance else label


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def evaluate(path, model):
    command = [undertone(), "evaluate", path, "--engine", "local", "--engine", model, "--volume", "1000", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def main():
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    if "UNDERTONE" not in os.environ:
        build()
    place, chance, verdicts = BENCH / "decision", random.Random(7), Verdicts()
    place.mkdir(parents=True, exist_ok=True)
    model = place / "own.model"
    train = write(place / "train.csv", texts(chance, 150, by_chance=0.5))
    subprocess.run([undertone(), "train", train, "--out", model], check=True, stdout=subprocess.DEVNULL)
    known = evaluate(write(place / "all.csv", texts(chance, 10_000)), model)["comparisons"][0]["difference"]["value"]
    held, shown = [], []
    for _ in range(draws):
        found = evaluate(write(place / "draw.csv", texts(chance, DRAW)), model)
        interval = found["comparisons"][0]["difference"]
        held.append(interval["low"] <= known <= interval["high"])
        more = found["decision"]["advice"]["more_labels"]
        if more and abs(more["difference"] / abs(known) - 1) < 0.25:
            again = evaluate(write(place / "draw.csv", texts(chance, DRAW + more["labels"])), model)
            interval = again["comparisons"][0]["difference"]
            shown.append(interval["low"] > 0 or interval["high"] < 0)
    print(f"the true difference is {known:+.3f}")
    verdicts.at_least(f"share of {draws} intervals that hold it", sum(held) / draws, 0.92)
    if shown:
        what = f"share of {len(shown)} draws that show it with as many labels more"
        verdicts.at_least(what, sum(shown) / len(shown), 0.65)
    verdicts.exit()


if __name__ == "__main__":
    main()
