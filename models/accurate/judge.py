"""Judges an exported folder by labelled texts with onnxruntime, apart from the program: figures as `evaluate` prints them.

    python judge.py FOLDER FILE.csv [FILE.csv ...]
"""

import sys
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer

from texts import CLASSES, LONGEST, rows, spoken

NEGATIVE, NEUTRAL, POSITIVE, MIXED = range(4)
DECISIVE = 0.4


class Scorer:
    """A folder's model, one text at a time: in a batch, the 8-bit scale of one would depend on its neighbours."""

    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def probabilities(self, texts):
        """Of each text, those of CLASSES in their order."""
        logits = numpy.array([self._logits(text) for text in texts], dtype=float)
        powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def _logits(self, text):
        ids = self.tokenizer.encode(text).ids
        ids = ids if len(ids) <= LONGEST else ids[: LONGEST - 1] + ids[-1:]
        feed = {"input_ids": numpy.array([ids]), "attention_mask": numpy.ones((1, len(ids)), numpy.int64)}
        return self.session.run(None, feed)[0][0]


def labels(found):
    """The label rule of src/sentiment/scores.rs."""
    negative, neutral, positive, mixed = found.T
    given = numpy.where(mixed > numpy.max([positive, negative, neutral], axis=0), MIXED, NEUTRAL)
    given = numpy.where((positive >= DECISIVE) & (positive > negative), POSITIVE, given)
    return numpy.where((negative >= DECISIVE) & (negative >= positive), NEGATIVE, given)


def figures(truth, found):
    given = labels(found)
    recalls, f1s = [], []
    for label in (NEGATIVE, NEUTRAL, POSITIVE):
        right = ((truth == label) & (given == label)).sum()
        recalls.append(right / max(1, (truth == label).sum()))
        f1s.append(2 * right / max(1, (truth == label).sum() + (given == label).sum()))
    sure, correct = found.max(axis=1), found.argmax(axis=1) == truth
    bins = numpy.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].sum() - correct[bins == b].sum()) for b in range(10)) / len(truth)
    return numpy.mean(given == truth), numpy.mean(f1s), numpy.mean(recalls), error


def main():
    scorer = Scorer(Path(sys.argv[1]))
    chance = numpy.random.default_rng(1)
    for file in map(Path, sys.argv[2:]):
        pairs = rows(file, "text", "label")
        truth = numpy.array([CLASSES.index(label) for _, label in pairs])
        for name, texts in (("", [text for text, _ in pairs]), (", as ASR", [spoken(text) for text, _ in pairs])):
            found = scorer.probabilities(texts)
            draws = [figures(truth[at], found[at]) for at in chance.integers(0, len(truth), (1000, len(truth)))]
            low, high = numpy.percentile(draws, [2.5, 97.5], axis=0)
            shown = zip(("accuracy", "macro F1", "macro recall", "calibration error"), figures(truth, found), low, high)
            print(f"{file.stem}{name}: " + ", ".join(f"{what} {f:.3f} ({a:.3f}–{b:.3f})" for what, f, a, b in shown), flush=True)


if __name__ == "__main__":
    main()
