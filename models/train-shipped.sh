#!/bin/sh
# Trains the shipped weights again and shows that they are the committed ones, to the byte.
#
#   models/train-shipped.sh LABELS_DIR [OUT]
#
# LABELS_DIR holds the eleven label files named in models/inputs.sha256 (MODEL_CARD.md says where they come from).
# Without OUT the new weights go to a temporary file and are compared with models/shipped.sha256; with OUT they are
# written there and nothing is compared, which is how a new version begins. The same files and the same program
# give the same bytes on every machine and for any number of cores. The seed is the default, 1.
set -eu
models=$(cd "$(dirname "$0")" && pwd)
labels=$(cd "${1:?usage: train-shipped.sh LABELS_DIR [OUT]}" && pwd)

(cd "$labels" && sha256sum --check --quiet "$models/inputs.sha256")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$models/lexicon.tsv" "$models/service.tsv" "$work/"

# The order is part of the recipe.
cd "$models/.."
cargo run --release --quiet --no-default-features -- train \
  "$labels/goemotions_train.csv" \
  "$labels/goemotions_dev.csv" \
  "$labels/vader_amazon_dev.csv" \
  "$labels/vader_tweets_dev.csv" \
  "$labels/vader_movie_dev.csv" \
  "$labels/vader_nyt_dev.csv" \
  "$labels/senti4sd_train.csv" \
  "$labels/product_reviews_train.csv" \
  "$labels/xed_en_train.csv" \
  "$labels/semeval_train.csv" \
  "$labels/mams_train.csv" \
  --from none --name undertone-en-3 --priors even --out "$work/shipped.bin"

if [ $# -gt 1 ]; then
  cd "$OLDPWD" && cp "$work/shipped.bin" "$2"
else
  cd "$work" && sha256sum --check "$models/shipped.sha256"
fi
