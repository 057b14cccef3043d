"""How well endpoints of one's own are used: slots of SageMaker, the two rates of a classifier on Comprehend, and what a bad
text costs.

    python3 benches/endpoints.py        about three minutes

The stand-ins throttle as the services do. Set UNDERTONE to measure another binary than a release build of this tree.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from measure import RELEASE, ROOT, undertone

LABELS = '{ POSITIVE = "positive", NEGATIVE = "negative", NEUTRAL = "neutral", MIXED = "mixed" }'
OWN = '{ glad = "positive", cross = "negative", plain = "neutral", both = "mixed" }'
ARN = "arn:aws:comprehend:us-east-1:111122223333:document-classifier-endpoint/ours"
failed = []


def word(number):
    """A word for a number: digits may be taken for personal data, and texts that are equal are sent once."""
    return "".join("bcdfghklmn"[int(digit)] for digit in f"{number:05}")


def verdict(name, value, ok, want):
    print(f"        {name} {value:.4f} ({want}) {'ok' if ok else 'FAILED'}")
    if not ok:
        failed.append(name)


def measured(arguments, settings, texts):
    command = [RELEASE / "examples" / "endpoint_standin", *arguments]
    standin = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    environment = {"PATH": os.environ["PATH"], "UNDERTONE_CACHE_PATH": "off", "AWS_EC2_METADATA_DISABLED": "true"}
    for line in iter(standin.stdout.readline, "\n"):
        name, value = line.removeprefix("export ").rstrip("\n").split("=", 1)
        environment[name] = value
    with tempfile.TemporaryDirectory() as folder:
        environment["HOME"] = folder
        Path(folder, "undertone.toml").write_text(settings)
        rows = [f"c{i},customer,en,{text}" for i, text in enumerate(texts)]
        Path(folder, "in.csv").write_text("\n".join(["call_id,speaker,language,text", *rows]))
        program = [undertone(), "analyze", "--quiet", "in.csv"]
        code = subprocess.run(program, cwd=folder, env=environment).returncode
    assert code in (0, 3), code
    stats, _ = standin.communicate("")
    return json.loads(stats)


def main():
    if "UNDERTONE" not in os.environ:
        build = ["cargo", "build", "--release", "--locked", "--quiet", "--features", "full", "--bin", "undertone"]
        subprocess.run([*build, "--example", "endpoint_standin"], cwd=ROOT, check=True)
    words = "it took them so long to answer that I went and bought one elsewhere number"
    sagemaker = f'engine = "sagemaker"\n[sagemaker]\nendpoint = "ours"\nlabels = {LABELS}\n'
    for slots in (3, 16):
        requests = slots * 25 * 12
        print(f"sagemaker, {slots} slots of 80 ms, {requests} requests of one text")
        texts = [f"{words} {word(i)}" for i in range(requests)]
        stats = measured(
            ["sagemaker", "--slots", str(slots)], sagemaker + 'batch = 1\nformat = "huggingface"\n', texts
        )
        seconds = stats["seconds"]
        later = seconds[10:]
        share = sum(t for _, t in later) / max(1, sum(a + t for a, t in later))
        whole = seconds[2:-1]
        # By the time that the slots were in use: a busy machine makes 80 ms longer.
        used = stats["slot_seconds"] / stats["texts"] * sum(a for a, _ in whole) / (slots * len(whole))
        verdict("share of the slots used", used, used >= 0.97, ">= 0.97")
        verdict("share throttled after 10 s", share, share <= 0.01, "<= 0.01")
    print("sagemaker, one bad text in sixteen, 64 requests of sixteen")
    texts = [f"{'secretly bad' if i % 16 == i // 16 % 16 else words} {word(i)}" for i in range(1024)]
    stats = measured(["sagemaker", "--latency-ms", "5", "--poison", "secretly bad"], sagemaker + 'format = "huggingface"\n', texts)
    extra = (stats["invocations"] - stats["outcomes"].get("ThrottlingException", 0) - 4 - 64) / 64
    verdict("extra requests a bad text", extra, extra <= 8, "<= 8")
    custom = f'engine = "comprehend-custom"\n[comprehend-custom]\nendpoint-arn = "{ARN}"\nlabels = {OWN}\n'
    for name, texts, rate, of in (
        ("short texts: documents", [f"fine {word(i)}" for i in range(600)], 20, "classified"),
        ("long texts: characters", [f"{words} {words} {words} {word(i)}" for i in range(120)], 1000, "chars"),
    ):
        print(f"comprehend-custom, 10 inference units, {name}")
        stats = measured(["custom", "--units", "10"], custom, texts)
        used = stats[of] / stats["span_s"] / rate
        verdict("share of the rate used", used, used >= 0.97, ">= 0.97")
        verdict("share throttled", stats["throttled"] / len(texts), stats["throttled"] <= 0.01 * len(texts), "<= 0.01")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
