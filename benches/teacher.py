"""What a student keeps of its teacher: a model serves as Amazon Comprehend, 20,000 documents are paid for, `train --teacher` learns.

    pip install vaderSentiment==3.3.2
    python3 benches/teacher.py DATA                        VADER teaches, a few minutes
    pip install -r models/accurate/requirements.txt
    python3 benches/teacher.py DATA --teacher accurate     the model of models/accurate teaches
    python3 benches/teacher.py DATA --texts labels         on texts of the label files in place of turns of calls

DATA holds the public sets that models/MODEL_CARD.md names; labels are not read. Each text is a call of its own. Weighted
kappa is printed by the program, on a fifth of its texts, and computed here once more on 5,000 that it was never given.
"""

import argparse
import csv
import json
import random
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measure import BENCH, ROOT, Verdicts, analyze, build, run, undertone

PAID, UNSEEN = 20_000, 5_000
TEXTS = {
    "calls": ["transcripts/star_dev", "transcripts/casino", "transcripts/twitter_care", "transcripts/telecom_synthetic",
              "transcripts/helpdesk_synthetic"],
    "labels": ["labels/goemotions_train", "labels/xed_en_train", "labels/product_reviews_train", "labels/semeval_train"],
}
# Redaction would change some texts; the teacher is to be learned from all of them as they are.
SAME = ["--redact", "off", "--language", "en", "--granularity", "turn"]


def vader():
    """A text's probabilities in the order of NAMES, from VADER's compound score."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    compound = SentimentIntensityAnalyzer().polarity_scores

    def scores(text):
        score = compound(text)["compound"]
        return max(score, 0.0), max(-score, 0.0), 1.0 - abs(score), 0.0

    return scores


def accurate():
    """The same from the model of models/accurate."""
    sys.path.insert(0, str(ROOT / "models" / "accurate"))
    from judge import Scorer

    scorer = Scorer(ROOT / "models" / "accurate")

    def scores(text):
        [[negative, neutral, positive, mixed]] = scorer.probabilities([text]).tolist()
        return positive, negative, neutral, mixed

    return scores


TEACHERS = {"vader": vader, "accurate": accurate}
NAMES = ("Positive", "Negative", "Neutral", "Mixed")


def serve(scores):
    """A Comprehend that answers with these scores, and its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["TextList"]
            results = []
            for place, four in enumerate(map(scores, texts)):
                label = NAMES[four.index(max(four))].upper()
                results.append({"Index": place, "Sentiment": label, "SentimentScore": dict(zip(NAMES, four))})
            answer = json.dumps({"ResultList": results, "ErrorList": []}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def calls(data, kind):
    """Two files of different texts, each a call of its own: what is paid for, and what is kept back."""
    texts = set()
    for name in TEXTS[kind]:
        with open(data / f"{name}.csv", newline="", encoding="utf-8") as file:
            texts |= {" ".join(row["text"].split()) for row in csv.DictReader(file)}
    # One letter at least: other texts are scored by nobody.
    chosen = sorted(text for text in texts if any(letter.isalpha() for letter in text))
    random.Random(1).shuffle(chosen)
    paths = []
    for name, some in (("paid", chosen[:PAID]), ("unseen", chosen[PAID : PAID + UNSEEN])):
        path = BENCH / f"teacher-{kind}-{name}.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["call_id", "speaker", "text"])
            writer.writerows([f"c{number}", "customer", text] for number, text in enumerate(some))
        paths.append(path)
    return paths


def labels(out):
    """By call, the label of its only document as a number: -1 negative, 1 positive, 0 neutral and mixed."""
    sides = {"NEGATIVE": -1, "NEUTRAL": 0, "MIXED": 0, "POSITIVE": 1}
    with open(out / "segments.csv", newline="", encoding="utf-8") as file:
        return {row["call_id"]: sides[row["label"]] for row in csv.DictReader(file) if row["label"]}


def kappa(pairs):
    """Cohen's kappa with quadratic weights, from the table of pairs."""
    sides = (-1, 0, 1)
    share = {(a, b): sum(pair == (a, b) for pair in pairs) / len(pairs) for a in sides for b in sides}
    first = {a: sum(share[a, b] for b in sides) for a in sides}
    second = {b: sum(share[a, b] for a in sides) for b in sides}
    seen = sum((a - b) ** 2 * share[a, b] for a in sides for b in sides)
    by_chance = sum((a - b) ** 2 * first[a] * second[b] for a in sides for b in sides)
    return 1 - seen / by_chance


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--teacher", choices=TEACHERS, default="vader")
    parser.add_argument("--texts", choices=TEXTS, default="calls")
    arguments = parser.parse_args()
    build()
    verdicts = Verdicts()
    paid, unseen = calls(arguments.data, arguments.texts)
    environment = {
        "AWS_ENDPOINT_URL": serve(TEACHERS[arguments.teacher]()),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    service = ["--engine", "comprehend", "--requests-per-second", "1000", *SAME]
    cache = BENCH / f"teacher-{arguments.teacher}-{arguments.texts}"
    analyze(paid, BENCH / "teacher", *service, "--cache", cache, environment=environment)
    student = BENCH / "student.model"
    student.unlink(missing_ok=True)
    learned = run(undertone(), "train", "--teacher", "comprehend", "--input", paid, "--out", student, *SAME, "--cache", cache)
    print(f"{learned.output}\n{learned.seconds:.0f} s to learn", flush=True)
    last = re.findall(r"^\s*([\d,]+)  ([\d.]+) \(([\d.]+) to ([\d.]+)\)", learned.output, re.MULTILINE)[-1]
    verdicts.at_least(f"weighted kappa with {arguments.teacher}, after {last[0]} documents", float(last[1]), 0.80)

    analyze(unseen, BENCH / "teacher", *service, "--detail", "--cache", f"{cache}-unseen", environment=environment)
    given = labels(BENCH / "teacher")
    analyze(unseen, BENCH / "student", "--engine", "local", "--model", student, "--detail", *SAME)
    kept = labels(BENCH / "student")
    both = [(given[call], kept[call]) for call in given.keys() & kept.keys()]
    verdicts.at_least(f"the same on {len(both):,} documents apart, after all", kappa(both), 0.80)
    verdicts.exit()


if __name__ == "__main__":
    main()
