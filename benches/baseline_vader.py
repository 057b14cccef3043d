"""The plain way to the same means without a service: a Python script with vaderSentiment, one process.

    pip install vaderSentiment==3.3.2
    python3 benches/baseline_vader.py TURNS.csv MEANS.csv

Reads one row a turn, scores every customer's and agent's turn with VADER's compound, and writes for each call the mean of
the customer's and of the agent's turns. It does nothing else: no roles to recognise, no segments, no time line, no agents.
"""

import csv
import sys

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

ROLES = {"customer": 0, "agent": 2}


def main(source, target):
    compound = SentimentIntensityAnalyzer().polarity_scores
    sums = {}
    with open(source, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        call, speaker, text = (header.index(name) for name in ("call_id", "speaker", "text"))
        for row in reader:
            place = ROLES.get(row[speaker])
            if place is None:
                continue
            of_call = sums.setdefault(row[call], [0.0, 0, 0.0, 0])
            of_call[place] += compound(row[text])["compound"]
            of_call[place + 1] += 1
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["call_id", "customer_mean", "agent_mean"])
        for call_id in sorted(sums):
            customer, customers, agent, agents = sums[call_id]
            writer.writerow([call_id, mean(customer, customers), mean(agent, agents)])


def mean(total, count):
    return f"{total / count:.4f}" if count else ""


if __name__ == "__main__":
    main(*sys.argv[1:])
