"""What a turn should weigh in the score of its call: the plain candidates against people's ratings of calls.

    python3 benches/weighting.py DATA      about four minutes

DATA holds the public sets that models/MODEL_CARD.md names: `transcripts/` and `labels/` of star_dev (agents who marked
calls whose customer became annoyed) and casino (each customer's own satisfaction). The local engine scores turns, once
by themselves and once in packed documents of 500 characters; the means are taken here, from segments.csv. Last,
`evaluate` must find for the program's own columns what is found here for the weights that they are said to have.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from measure import BENCH, Verdicts, analyze, build, undertone

RESAMPLES = 1000
WORD = re.compile(r"\w+(?:['’.]\w+)*")
SETS = {"star_dev": ("annoyed", "AUC"), "casino": ("satisfaction", "Spearman")}


@dataclass
class Turn:
    number: int
    """Its number among the customer's turns with words, from 1."""
    words: int
    middle: float
    score: float = 0.0
    charge: float = 0.0
    pieces: int = 0


WEIGHTS = {
    "words": lambda turn: turn.words,
    "1 (turns)": lambda turn: 1,
    "charge": lambda turn: turn.charge,
    "place": lambda turn: turn.number,
    "place × charge": lambda turn: turn.number * turn.charge,
    "middle × charge": lambda turn: turn.middle * turn.charge,
}


def mean(turns, weight):
    weights = [weight(turn) for turn in turns]
    return sum(w * turn.score for w, turn in zip(weights, turns)) / sum(weights) if sum(weights) > 0 else None


def third(turns, last):
    return [turn for turn in turns if (turn.middle >= 2 / 3 if last else turn.middle < 1 / 3)]


def lowest_three(turns):
    return min((mean(turns[at : at + 3], WEIGHTS["1 (turns)"]) for at in range(len(turns) - 2)), default=None)


def peak_and_end(turns):
    return (max(turns, key=lambda turn: turn.charge).score + turns[-1].score) / 2


WHOLE = {
    **{f"all turns by {name}": lambda turns, weight=weight: mean(turns, weight) for name, weight in WEIGHTS.items()},
    "last two turns": lambda turns: mean(turns[-2:], WEIGHTS["1 (turns)"]),
    "most charged turn and last turn": peak_and_end,
    "lowest turn": lambda turns: min(turn.score for turn in turns),
    "lowest three turns in a row": lowest_three,
}
PARTS = {
    f"{name} third by {weight}": lambda turns, last=last, weight=weight: mean(third(turns, last), WEIGHTS[weight])
    for name, last in (("last", True), ("first", False))
    for weight in ("words", "1 (turns)", "charge", "place × charge")
}


def transcript(path):
    """Of each call, its customer's turns with words, by their number in the call."""
    rows = defaultdict(list)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["call_id"]].append(row)
    calls = {}
    for call, turns in rows.items():
        turns.sort(key=lambda row: int(row["turn_index"]))
        calls[call] = customer = {}
        for place, row in enumerate(turns, 1):
            words = len(WORD.findall(row["text"]))
            if row["speaker"] == "customer" and words:
                customer[place] = Turn(len(customer) + 1, words, 0.0)
    return calls


def scored(path, out, granularity, middles=None):
    """Of each call, its scored turns in order. Turns in one document share its scores, a cut turn has their mean."""
    calls = transcript(path)
    analyze(path, out, "--engine", "local", "--detail", "--granularity", granularity)
    with open(out / "segments.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"] != "customer" or not row["score"]:
                continue
            for place in range(int(row["first_turn"]), int(row["last_turn"]) + 1):
                turn = calls[row["call_id"]].get(place)
                if turn is not None:
                    turn.pieces += 1
                    turn.score += (float(row["score"]) - turn.score) / turn.pieces
                    turn.charge += (1 - float(row["neutral"]) - turn.charge) / turn.pieces
                    if middles is None:
                        turn.middle = float(row["position"])
    if middles is not None:
        for call, turns in calls.items():
            for place, turn in turns.items():
                turn.middle = middles[call][place].middle
    return calls


def ranks(numbers):
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    found, at = [0.0] * len(numbers), 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and numbers[order[end + 1]] == numbers[order[at]]:
            end += 1
        for place in order[at : end + 1]:
            found[place] = (at + end) / 2 + 1
        at = end + 1
    return found


def auc(values, annoyed):
    """The chance that an annoyed call has the lower value."""
    hits = sum(annoyed)
    misses = len(annoyed) - hits
    low = sum(rank for rank, hit in zip(ranks(values), annoyed) if hit)
    return 1 - (low - hits * (hits + 1) / 2) / (hits * misses)


def spearman(values, ratings):
    first, second = ranks(values), ranks(ratings)
    middle = (len(first) + 1) / 2
    product = lambda a, b: sum((x - middle) * (y - middle) for x, y in zip(a, b))
    return product(first, second) / (product(first, first) * product(second, second)) ** 0.5


FIGURES = {"AUC": auc, "Spearman": spearman}


def study(calls, ratings, figure, candidates, against):
    """Each candidate's figure, its interval, and the interval of its difference to `against`, over the same resamples."""
    rated = [call for call in sorted(ratings) if any(turn.pieces for turn in calls.get(call, {}).values())]
    turns = [[turn for turn in calls[call].values() if turn.pieces] for call in rated]
    truth = [ratings[call] for call in rated]
    values = {name: [candidate(one) for one in turns] for name, candidate in candidates.items()}

    def all_figures(places):
        found = {}
        for name, column in values.items():
            known = [at for at in places if column[at] is not None]
            found[name] = figure([column[at] for at in known], [truth[at] for at in known])
        return found

    stream = random.Random(1)
    places = range(len(rated))
    resamples = [all_figures(stream.choices(places, k=len(rated))) for _ in range(RESAMPLES)]

    def interval(numbers):
        numbers = sorted(numbers)
        return numbers[round(0.025 * (len(numbers) - 1))], numbers[round(0.975 * (len(numbers) - 1))]

    for name, value in all_figures(places).items():
        low, high = interval([one[name] for one in resamples])
        less, more = interval([one[name] - one[against] for one in resamples])
        yield name, value, low, high, less, more


def evaluate(name, data):
    done = subprocess.run(
        [undertone(), "evaluate", data / f"labels/{name}_calls.csv", "--input", data / f"transcripts/{name}.csv",
         "--engine", "local", "--json", "-q"],
        check=True, capture_output=True, text=True,
    )
    return {one["measure"]: one for one in json.loads(done.stdout)["engines"][0]["calls"]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = Path(sys.argv[1])
    BENCH.mkdir(parents=True, exist_ok=True)
    if "UNDERTONE" not in os.environ:
        build()
    verdicts = Verdicts()
    for name, (column, figure) in SETS.items():
        with open(data / f"labels/{name}_calls.csv", newline="", encoding="utf-8") as file:
            ratings = {row["call_id"]: float(row[column]) for row in csv.DictReader(file) if row[column]}
        path = data / f"transcripts/{name}.csv"
        by_turn = scored(path, BENCH / "weighting", "turn")
        packed = scored(path, BENCH / "weighting", "segment", by_turn)
        found = {}
        for kind, calls, candidates, against in (
            ("whole call, turns by themselves", by_turn, WHOLE, "all turns by words"),
            ("parts, turns by themselves", by_turn, PARTS, "last third by words"),
            ("whole call, packed documents", packed, WHOLE, "all turns by words"),
        ):
            print(f"\n{name}, {figure}, {kind} | | against words |\n|---|---|---|")
            for candidate, value, low, high, less, more in study(calls, ratings, FIGURES[figure], candidates, against):
                found.setdefault(candidate, value)
                print(f"| {candidate} | {value:.3f} ({low:.3f} to {high:.3f}) | {less:+.3f} to {more:+.3f} |")
        own = evaluate(name, data)
        key = "auc" if figure == "AUC" else "rank_correlation"
        for measure, candidate in (("customer_score", "all turns by place × charge"), ("customer_end", "last third by charge")):
            gap = abs(own[measure][key]["value"] - found[candidate])
            verdicts.at_most(f"{name}, {measure}: {figure} of evaluate less that of {candidate}", gap, 0.002, "{:.4f}")
        verdicts.at_least(f"{name}, {figure} of customer_score", own["customer_score"][key]["value"], 0.80 if figure == "AUC" else 0.27)
    verdicts.exit()


if __name__ == "__main__":
    main()
