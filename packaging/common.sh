# Sourced by the scripts beside it: the version, what is built for, and where packages go.
#
#   OUT              where packages go (target/packages)
#   UNDERTONE_BINARY a program that is built already, instead of a build; the wheel builds its own in any case
#   FEATURES         of the build (full)
#   PROFILE          of the build (release)
# shellcheck shell=bash disable=SC2034
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
machine=$(uname -m)
target=$machine-unknown-linux-musl
features=${FEATURES:-full}
profile=${PROFILE:-release}
out=$(realpath -m "${OUT:-target/packages}")
stage=$out/stage
export PATH=$PWD/packaging/.tools/bin:$PATH

# The same bytes from the same commit, wherever it is built: no path of the machine, no time of the build.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
home=${CARGO_HOME:-$HOME/.cargo}
export SOURCE_DATE_EPOCH
export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$home=/cargo"$'\x1f'"--remap-path-prefix=$PWD=/undertone"
export CFLAGS="-ffile-prefix-map=$home=/cargo"
export "CC_${target//-/_}=musl-gcc"

stop() {
    echo "$(basename "$0"): $1" >&2
    exit "${2:-1}"
}
# need COMMAND WHERE: the tool must be there, or WHERE says how it is had. 3: it can't be made here.
need() { command -v "$1" >/dev/null || stop "there is no $1 here: $2" 3; }
need_target() {
    need musl-gcc "apt-get install musl-tools"
    [[ -d $(rustc --print target-libdir --target "$target") ]] || stop "there is no standard library for $target here: rustup target add $target" 3
}
