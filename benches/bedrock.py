"""How much of a quota of tokens the engine bedrock uses, what it asks for more than it must, and what bad answers cost.

    python3 benches/bedrock.py        about four minutes

A stand-in with a quota in any 60 seconds, which sets a request's input and its most output apart when it begins; then one
without a quota whose answers are good, and one of whose answers 2 % are not as they were asked for. Set UNDERTONE to a
program that was built with `--features bedrock`.
"""

import signal
import subprocess

from measure import BENCH, RELEASE, Verdicts, analyze, build, digests, turns
from measure import Standin as Comprehend

QUOTA = 120_000
WINDOW = 60_000


class Bedrock(Comprehend):
    """The stand-in for Bedrock; flags as in `cargo run --example bedrock_standin --features bedrock -- --help`."""

    def __enter__(self):
        program = RELEASE / "examples" / "bedrock_standin"
        self.process = subprocess.Popen(
            [program, *self.flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.endpoint = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def run(source, name, settings, **flags):
    with Bedrock(**flags) as standin:
        environment = {**standin.environment, **settings}
        done = analyze(source, BENCH / name, "--engine", "bedrock", "--cache", "off", environment=environment)
        stats = standin.stats()
    print(f"{name}: {done.seconds:.1f} s, {stats['requests']} requests, {stats['refused']}")
    return stats


def quota(verdicts):
    settings = {"UNDERTONE_BEDROCK_TOKENS_PER_MINUTE": str(QUOTA)}
    stats = run(turns(18_000), "bedrock-quota", settings, tokens_a_minute=QUOTA, latency_ms=800)
    minutes = stats["lasted_ms"] / WINDOW
    refused = stats["refused"].get("ThrottlingException", 0)
    verdicts.at_least("minutes", minutes, 2)
    verdicts.at_least("share of the quota used", stats["counted"] / (QUOTA * minutes), 0.95)
    verdicts.at_most("share throttled", refused / stats["requests"], 0.01)


def bad_answers(verdicts):
    source = turns(60_000)
    good = run(source, "bedrock-good", {}, latency_ms=20)
    # The least is one request for five texts, each text once.
    texts = good["texts"]
    verdicts.at_most("requests, times the least", good["requests"] / (texts / 5), 1.05)
    for fault in ("drops", "chats", "malformed"):
        bad = run(source, f"bedrock-{fault}", {}, latency_ms=20, **{fault: 0.02})
        verdicts.at_most(f"requests with 2 % {fault}, times as many", bad["requests"] / good["requests"], 1.03)
        tokens = (bad["tokens_in"] + bad["tokens_out"]) / (good["tokens_in"] + good["tokens_out"])
        verdicts.at_most(f"tokens with 2 % {fault}, times as many", tokens, 1.05)
        same = digests(BENCH / "bedrock-good") == digests(BENCH / f"bedrock-{fault}")
        verdicts.holds(f"outputs with 2 % {fault} equal to the byte", same)


def main():
    build("bedrock_standin", features="bedrock")
    verdicts = Verdicts()
    bad_answers(verdicts)
    quota(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
