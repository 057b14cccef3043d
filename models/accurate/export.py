"""Makes what ships of a trained model: calibrated, in 8 bits, as a folder that `--model` takes.

    python export.py TRAINED DATA OUT [--single]

TRAINED is what train.py wrote. The calibration (one slope, four offsets) is fitted on the texts that train.py kept
back and folded into the last layer, so that the plain softmax of `logits` gives the probabilities. --single leaves
the weights in single precision.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig

from texts import CLASSES, LONGEST, SETS, kept_back, rows, spoken
from train import Classifier

NAME = "undertone-accurate-1"


def logits_of(model, tokenizer, texts):
    """The logits of each text, one at a time for one length."""
    encoded = [tokenizer.encode(text).ids for text in texts]
    encoded = [ids if len(ids) <= LONGEST else ids[: LONGEST - 1] + ids[-1:] for ids in encoded]
    by_length = {}
    for place, ids in enumerate(encoded):
        by_length.setdefault(len(ids), []).append(place)
    found = numpy.zeros((len(texts), len(CLASSES)))
    with torch.inference_mode():
        for places in by_length.values():
            for start in range(0, len(places), 64):
                group = places[start : start + 64]
                ids = torch.tensor([encoded[place] for place in group])
                found[group] = model(ids, torch.ones_like(ids)).numpy()
    return found


def held_back(data):
    """Texts, their classes, and what each counts: sets alike, classes half way (in logarithms) to even ones."""
    texts, classes, weights = [], [], []
    for name in SETS:
        kept = [(text, CLASSES.index(label)) for text, label in rows(data / "labels" / f"{name}.csv", "text", "label")
                if kept_back(text)]
        counts = numpy.bincount([label for _, label in kept], minlength=len(CLASSES))
        # Mixed stays as rare as it is.
        weight = [1.0 if CLASSES[label] == "mixed" else (len(kept) / 3 / counts[label]) ** 0.5 for _, label in kept]
        for (text, label), counted in zip(kept, weight):
            texts += [text, spoken(text)]
            classes += [label, label]
            weights += [counted / sum(weight)] * 2
    return texts, torch.tensor(classes), torch.tensor(weights)


def calibrate(logits, classes, weights):
    """The slope and the offsets that make the weighted cross entropy least."""
    logits = torch.tensor(logits)
    slope = torch.ones(1, dtype=torch.double, requires_grad=True)
    offsets = torch.zeros(len(CLASSES), dtype=torch.double, requires_grad=True)
    optimiser = torch.optim.LBFGS([slope, offsets], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        each = torch.nn.functional.cross_entropy(slope * logits + offsets, classes, reduction="none")
        mean = (each * weights).sum() / weights.sum()
        mean.backward()
        return mean

    optimiser.step(loss)
    # Four digits are more than the texts decide.
    return round(slope.item(), 4), (offsets - offsets.mean()).detach().round(decimals=4).float()


def export(model, path, single):
    example = torch.tensor([[2, 7, 8, 3]])
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        sizes = {0: "batch", 1: "sequence"}
        torch.onnx.export(model, (example, torch.ones_like(example)), whole if not single else path,
                          input_names=["input_ids", "attention_mask"], output_names=["logits"], opset_version=17,
                          dynamic_axes={"input_ids": sizes, "attention_mask": sizes, "logits": {0: "batch"}}, dynamo=False)
        if single:
            return
        head = [node.name for node in onnx.load(whole).graph.node if "/head/" in node.name]
        # Seven bits of weights: a product of two neighbours then never overflows on processors without VNNI.
        # A scale for each column: one for a whole matrix cost .017 of macro F1 on vader_amazon_dev.
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, reduce_range=True, per_channel=True, nodes_to_exclude=head)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trained", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--single", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = BertConfig.from_pretrained(arguments.trained, attn_implementation="eager")
    model = Classifier(config).eval()
    model.load_state_dict(load_file(arguments.trained / "model.safetensors"))
    tokenizer = Tokenizer.from_file(str(arguments.trained / "tokenizer.json"))

    texts, classes, weights = held_back(arguments.data)
    slope, offsets = calibrate(logits_of(model, tokenizer, texts), classes, weights)
    print(f"calibrated on {len(texts)} texts: slope {slope:.4f}, offsets {[round(o, 4) for o in offsets.tolist()]}")
    with torch.no_grad():
        model.head.weight.mul_(slope)
        model.head.bias.mul_(slope).add_(offsets)

    arguments.out.mkdir(parents=True, exist_ok=True)
    export(model, arguments.out / "model.onnx", arguments.single)
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    written = config.to_dict() | {
        "_name_or_path": NAME,
        "architectures": ["BertForSequenceClassification"],
        "id2label": dict(enumerate(CLASSES)),
        "label2id": {label: place for place, label in enumerate(CLASSES)},
    }
    (arguments.out / "config.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
