#!/usr/bin/env bash
# Packs every crate that is published, checks what is in the packages, and uses them as people will, outside of this repository:
# installs the command by its name, and builds and runs a program that knows the crates by their names. All crates come from a
# directory that stands in for crates.io.
#
#     tools/packages.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
registry=$scratch/registry
packed=${CARGO_TARGET_DIR:-target}/package
# A crate with data stays well below what crates.io takes, 10 MB.
most_bytes=1000000

fail() {
    echo "$1" >&2
    exit 1
}

# Adds a package to the registry, unless its manifest says that it is not published.
register() {
    local name folder checksum
    name=$(basename "$1" .crate)
    folder=$registry/$name
    tar xzf "$1" -C "$registry"
    if grep -q '^publish = false' "$folder/Cargo.toml"; then
        rm -r "$folder"
        return
    fi
    checksum=$(sha256sum "$1" | cut -d ' ' -f 1)
    echo "{\"files\":{},\"package\":\"$checksum\"}" >"$folder/.cargo-checksum.json"
    published+=("${name%-*}")
    echo "$name: $(stat -c %s "$1") bytes"
    [ "$(stat -c %s "$1")" -le $most_bytes ] || fail "$name has more than $most_bytes bytes: see \`include\` in its manifest"
    check "$folder"
}

# What each package must have.
check() {
    local field link file
    for file in LICENSE-MIT LICENSE-APACHE; do
        cmp -s "$file" "$1/$file" || fail "$1 has no $file, or another than this repository"
    done
    for field in description documentation readme license keywords categories rust-version; do
        grep -q "^$field = " "$1/Cargo.toml" || fail "the manifest in $1 has no \`$field\`"
    done
    grep -q '^\[package.metadata.docs.rs\]' "$1/Cargo.toml" || fail "the manifest in $1 does not configure docs.rs"
    # Links to pages exist everywhere; links to files must lead to files of the package. Those of the facade's README, which is
    # the repository's, may also lead into the repository.
    for file in $(grep -o ']([^)#]*' "$1/README.md" | sed 's/^](//' | grep -v '^https://' || true); do
        [ -e "$1/$file" ] || { [[ $1 == */cnn-[0-9]* ]] && [ -e "$file" ]; } || fail "README.md in $1: no $file"
    done
    # The use below builds no tests.
    embedded "$1/src" | while read -r file; do
        [ -e "$file" ] || fail "$1 does not contain $file"
    done
}

# The files that sources include by relative paths.
embedded() {
    # Of Rust files: a template of another crate is text.
    { grep -roE --include='*.rs' '(include_str|include_bytes)!\("[^"]*|#\[path = "[^"]*' "$1" || true; } | while IFS=: read -r source macro; do
        echo "$(dirname "$source")/${macro#*\"}"
    done
}

published=()
cargo vendor --quiet --locked --versioned-dirs "$registry" >/dev/null
rm -rf "$packed"
# What is verified here is the use below, which builds every crate once.
cargo package --quiet --workspace --no-verify --allow-dirty
for crate in "$packed"/*.crate; do
    register "$crate"
done

# From here on cargo knows no other crates than the packed ones and their dependencies.
export CARGO_HOME=$scratch/home CARGO_NET_OFFLINE=true
mkdir "$CARGO_HOME"
cat >"$CARGO_HOME/config.toml" <<END
[source.crates-io]
replace-with = "packed"

[source.packed]
directory = "$registry"
END

# Each crate is built once, without optimisation.
export CARGO_TARGET_DIR=$scratch/target CARGO_PROFILE_DEV_DEBUG=false CARGO_INCREMENTAL=0
repository=$PWD
cd "$scratch"
cargo install --quiet --debug --locked --root installed cnn-cli
answer=$(installed/bin/cnn digits "$repository/digits/samples/2-test-digit.png")
echo "$answer"
[[ $answer == 2\ * ]] || fail "the installed command does not read the 2"

# A net that is declared in the program, with weights next to it.
cargo new --quiet --vcs none examples/first
mkdir -p models/weights
cp "$repository/models/weights/lenet5.safetensors" models/weights
cp "$repository/examples/first/src/main.rs" examples/first/src
cd examples/first
cargo add --quiet cnn cnn-digits png
for crate in "${published[@]}"; do
    # The others were built for the command.
    grep -q "^name = \"$crate\"" "$registry"/cnn-cli-*/Cargo.lock || cargo add --quiet "$crate"
done
cargo run --quiet "$repository/digits/samples/2-test-digit.png" | tee answer
grep -q ': 2 (' answer || fail "the program does not read the 2"
