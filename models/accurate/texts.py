"""What training, export and judging share: the sets, their texts, and which of them are kept back."""

import csv
import zlib

CLASSES = ["negative", "neutral", "positive", "mixed"]
# vader_amazon_dev, goemotions_dev and tweeteval_val are not among them: by those it is judged.
SETS = ["goemotions_train", "vader_tweets_dev", "vader_movie_dev", "vader_nyt_dev", "senti4sd_train",
        "product_reviews_train", "xed_en_train", "semeval_train", "mams_train"]
# Tokens of a text, the first and the last of them included; what is longer is cut.
LONGEST = 96


def rows(path, *columns):
    with open(path, newline="", encoding="utf-8") as file:
        return [tuple(row[column] for column in columns) for row in csv.DictReader(file)]


def spoken(text):
    """The text as speech recognition writes it: small letters, no punctuation. The same as `as_spoken` in src/train."""
    kept = []
    for character in text:
        if character.isalnum() or character == "'":
            kept.append(character.lower())
        elif (character.isspace() or character in "-/") and (not kept or kept[-1] != " "):
            kept.append(" ")
    return "".join(kept).rstrip()


def kept_back(text):
    """Whether a text is one of the twentieth that the calibration is fitted on; copies of a text go together."""
    return zlib.crc32(spoken(text).encode()) % 20 == 0
