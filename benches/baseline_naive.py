"""The plain way to the same means with Comprehend: every turn a document, in batches of 25, in the order of the file.

    python3 benches/baseline_naive.py TURNS.csv MEANS.csv --requests-per-second 10

Against the endpoint of AWS_ENDPOINT_URL, a stand-in. It is a good plain script: it keeps connections, has requests in flight
at the same time, sends exactly as many a second as it is told, and repeats what was throttled. It does not pack, cache,
or leave out what was sent before.
"""

import argparse
import csv
import datetime
import hashlib
import hmac
import http.client
import json
import os
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

BATCH = 25
ROLES = ("customer", "agent")
TARGET = "Comprehend_20171127.BatchDetectSentiment"
LOCAL = threading.local()


def sign(endpoint, body):
    """Headers of a request with AWS Signature Version 4."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    region = os.environ["AWS_REGION"]
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": endpoint.netloc,
        "x-amz-date": now,
        "x-amz-target": TARGET,
    }
    signed = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{now[:8]}/{region}/comprehend/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    return headers


class Pace:
    """Lets one request through each 1/rate seconds."""

    def __init__(self, rate):
        self.lock, self.gap, self.next = threading.Lock(), 1 / rate, 0.0

    def wait(self):
        with self.lock:
            self.next = max(self.next + self.gap, time.monotonic())
            turn = self.next
        time.sleep(max(0.0, turn - time.monotonic()))


def request(endpoint, pace, texts):
    """The scores of up to 25 texts: positive minus negative."""
    body = json.dumps({"TextList": texts, "LanguageCode": "en"}).encode()
    while True:
        pace.wait()
        if not hasattr(LOCAL, "connection"):
            LOCAL.connection = http.client.HTTPConnection(endpoint.netloc, timeout=60)
        LOCAL.connection.request("POST", "/", body, sign(endpoint, body))
        answer = LOCAL.connection.getresponse()
        content = json.loads(answer.read())
        if answer.status == 200:
            break
        if "Throttling" not in content.get("__type", ""):
            raise SystemExit(f"refused: {content}")
    scores = [None] * len(texts)
    for result in content["ResultList"]:
        score = result["SentimentScore"]
        scores[result["Index"]] = score["Positive"] - score["Negative"]
    return scores


def batches(source):
    """Keys and texts of 25 turns at a time."""
    with open(source, newline="", encoding="utf-8") as file:
        keys, texts = [], []
        for row in csv.DictReader(file):
            if row["speaker"] in ROLES and row["text"].strip():
                keys.append((row["call_id"], row["speaker"]))
                texts.append(row["text"])
            if len(texts) == BATCH:
                yield keys, texts
                keys, texts = [], []
        if texts:
            yield keys, texts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--requests-per-second", type=float, default=10)
    arguments = parser.parse_args()
    endpoint = urllib.parse.urlparse(os.environ["AWS_ENDPOINT_URL"])
    pace = Pace(arguments.requests_per_second)
    sums = {}
    with ThreadPoolExecutor(max_workers=16) as pool:
        work = [(keys, pool.submit(request, endpoint, pace, texts)) for keys, texts in batches(arguments.source)]
        for keys, answer in work:
            for key, score in zip(keys, answer.result()):
                if score is not None:
                    total, count = sums.get(key, (0.0, 0))
                    sums[key] = total + score, count + 1
    with open(arguments.target, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["call_id", "customer_mean", "agent_mean"])
        for call_id in sorted({call_id for call_id, _ in sums}):
            means = (sums.get((call_id, role)) for role in ROLES)
            writer.writerow([call_id, *(f"{mean[0] / mean[1]:.4f}" if mean else "" for mean in means)])


if __name__ == "__main__":
    main()
