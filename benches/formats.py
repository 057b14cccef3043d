"""Formats in JSON against CSV: the same turns in each, read on one core by `undertone plan`, and memory as files grow.
Then records that no one could read among good ones: a text of 100 MB, deep nesting, NaN.

    python3 benches/formats.py             some minutes, 5 GB on disk
    python3 benches/formats.py --large     a list of 2 GB too
"""

import csv
import itertools
import json
import statistics
import sys

from measure import BENCH, Verdicts, build, run, turns, undertone

MILLION = 1_000_000
ROUNDS = 3
# Whoever spoke is neither customer nor agent: nothing is planned or kept back, and what is timed is reading.
FLAGS = ["--redact", "off"] + [
    flag for value in ("agent", "customer", "0", "1", "spk_0", "spk_1") for flag in ("--role", f"{value}=other")
]


def calls(source):
    """The calls of a CSV file of turns: their ids, and who said what."""
    with open(source, newline="", encoding="utf-8") as rows:
        rows = csv.DictReader(rows)
        for call_id, of_call in itertools.groupby(rows, lambda row: row["call_id"]):
            yield call_id, [(row["speaker"].lower().startswith("agent"), row["text"]) for row in of_call]


def contact_lens(call_id, said):
    """A contact with what an export has beside the words."""
    roles = ["CUSTOMER", "AGENT"]
    transcript = [
        {
            "BeginOffsetMillis": at * 4000,
            "EndOffsetMillis": at * 4000 + 3000,
            "Content": text,
            "Id": f"{call_id}-0000-4000-8000-{at:012}",
            "ParticipantId": roles[is_agent],
            "Sentiment": "NEUTRAL",
            "LoudnessScore": [71.25, 68.5, 70.75],
        }
        for at, (is_agent, text) in enumerate(said)
    ]
    return {
        "Version": "1.1.0",
        "Channel": "VOICE",
        "LanguageCode": "en-US",
        "Participants": [{"ParticipantId": role, "ParticipantRole": role} for role in roles],
        "ConversationCharacteristics": {"TotalConversationDurationMillis": len(said) * 4000},
        "CustomerMetadata": {"ContactId": call_id},
        "Transcript": transcript,
    }


def deepgram(call_id, said):
    """An answer with utterances, and each word with its times."""
    words, utterances = [], []
    for at, (is_agent, text) in enumerate(said):
        of_turn = [
            {"word": word.lower(), "start": at * 4 + n * 0.1, "end": at * 4 + n * 0.1 + 0.08, "confidence": 0.987,
             "speaker": int(is_agent), "punctuated_word": word}
            for n, word in enumerate(text.split())
        ]
        words += of_turn
        utterances.append({"start": at * 4, "end": at * 4 + 3, "channel": 0, "transcript": text, "speaker": int(is_agent)})
    alternative = {"transcript": " ".join(text for _, text in said), "confidence": 0.98, "words": words}
    return {
        "metadata": {"request_id": call_id, "channels": 1},
        "results": {"channels": [{"alternatives": [alternative]}], "utterances": utterances},
    }


def transcribe(call_id, said):
    """A job with labels of speakers: words alone, of which turns are made."""
    items = [
        {"type": "pronunciation", "start_time": str(at * 4 + n / 10), "end_time": str(at * 4 + n / 10 + 0.08),
         "speaker_label": f"spk_{int(not is_agent)}", "alternatives": [{"confidence": "0.998", "content": word}]}
        for at, (is_agent, text) in enumerate(said)
        for n, word in enumerate(text.split())
    ]
    return {"jobName": call_id, "status": "COMPLETED", "results": {"transcripts": [{"transcript": ""}], "items": items}}


def written(name, source, record, is_list, repeat=1):
    """The same turns as a list, or as a record a line; written once."""
    path = BENCH / name
    if not path.exists():
        with open(path.with_suffix(".new"), "w", encoding="utf-8") as out:
            out.write("[" if is_list else "")
            first = True
            for number in range(repeat):
                for call_id, said in calls(source):
                    out.write("" if first or not is_list else ",")
                    out.write(json.dumps(record(f"{call_id}-{number}" if number else call_id, said)))
                    out.write("" if is_list else "\n")
                    first = False
            out.write("]" if is_list else "")
        path.with_suffix(".new").rename(path)
    return path


def plan(source):
    return run("taskset", "-c", "0", undertone(), "plan", source, *FLAGS)


def hostile(verdicts):
    """One bad record between two good ones costs itself at most, in bounded memory."""
    good = [json.dumps(contact_lens(f"c{at}", [(True, "hello there"), (False, "my phone broke")])) for at in range(3)]
    # Written piece by piece: what this process holds counts as the program's memory too.
    long = ["word " * 1000] * 20_000
    bad = {
        "a text of 100 MB": [*good[1].partition("hello there")[:1], *long, good[1].partition("hello there")[2]],
        "deep nesting": ['{"Transcript":', "[" * 100_000, "]" * 100_000, "}"],
        "NaN": [good[1].replace('"BeginOffsetMillis": 4000', '"BeginOffsetMillis": NaN')],
    }
    for name, record in bad.items():
        for layout, (begin, between, end) in {"lines": ("", "\n", ""), "list": ("[", ",", "]")}.items():
            path = BENCH / "hostile.json"
            with open(path, "w", encoding="utf-8") as out:
                out.writelines([begin, good[0], between, *record, between, good[2], end])
            one = run(undertone(), "plan", path, "--json", "--redact", "off", "--max-rejects", "1", accept=(0, 3))
            print(f"{name}, {layout}: {one.seconds:.2f} s, {one.mebibytes:.0f} MiB")
            read = json.loads(one.output[one.output.index("{\n"):])["calls"]
            verdicts.holds(f"{read} of 3 calls are read beside {name}, {layout}", read == (3 if name == "NaN" else 2))
            verdicts.at_most(f"MiB beside {name}, {layout}", one.mebibytes, 320, "{:.0f}")
            path.unlink()


def main():
    build()
    verdicts = Verdicts()
    source = turns(MILLION)
    files = [
        ("CSV", source),
        ("Contact Lens, a list", written("lens.json", source, contact_lens, True)),
        ("Contact Lens, lines", written("lens.jsonl", source, contact_lens, False)),
        ("Deepgram, lines", written("deepgram.jsonl", source, deepgram, False)),
        ("Transcribe, lines", written("transcribe.jsonl", source, transcribe, False)),
    ]
    runs = {name: [] for name, _ in files}
    for _ in range(ROUNDS):
        for name, path in files:
            runs[name].append(plan(path))
    base = statistics.median(one.seconds for one in runs["CSV"])
    for name, path in files:
        seconds = statistics.median(one.seconds for one in runs[name])
        megabytes = path.stat().st_size / 1e6
        memory = max(one.mebibytes for one in runs[name])
        print(f"{name}: {megabytes:.0f} MB, {seconds:.2f} s, {megabytes / seconds:.0f} MB/s, {memory:.0f} MiB")
        if name != "CSV":
            verdicts.at_least(f"MB a second, {name}", megabytes / seconds, 100, "{:.0f}")
        if name.startswith("Contact Lens"):
            verdicts.at_most(f"time of the same turns as CSV, {name}", seconds / base, 2, "{:.2f}")
    small = max(one.mebibytes for one in runs["Contact Lens, a list"])
    if "--large" in sys.argv:
        large = plan(written("lens-large.json", source, contact_lens, True, 6))
        size = (BENCH / "lens-large.json").stat().st_size / 1e9
        print(f"a list of {size:.1f} GB: {large.seconds:.1f} s, {large.mebibytes:.0f} MiB")
        verdicts.at_most("MiB on six times the list, over those on one", large.mebibytes - small, 64, "{:.0f}")
    hostile(verdicts)
    verdicts.exit()


if __name__ == "__main__":
    main()
