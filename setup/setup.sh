#!/bin/sh
# Makes this checkout ready to run: setup/setup.sh runtime, or ready to test: setup/setup.sh dev.
#
# A shell script, because its first job is to find a Python. Every step is remembered under .venv with a
# key of what it depends on, so a second call does nothing and takes a fraction of a second.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH          # somebody else's Python would leak into ours
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
export DEBIAN_FRONTEND=noninteractive

VERSIONS='3.11, 3.12 or 3.13'
IN_RANGE='(3, 11) <= sys.version_info[:2] <= (3, 13)'

say() { printf '%s\n' "$*"; }
fail() { say "$@" >&2; exit 1; }

# once NAME KEY COMMAND...: run COMMAND unless it has succeeded before with the same KEY.
once() {
    name=$1 key=$2
    shift 2
    if [ "$(cat ".venv/.done-$name" 2>/dev/null)" != "done $key" ]; then
        "$@"
        remember "$name" "$key"
    fi
}

remember() { printf 'done %s' "$2" >".venv/.done-$1"; }

# quietly COMMAND...: show what it prints only when it fails.
quietly() {
    transcript=$(mktemp)
    if "$@" >"$transcript" 2>&1 </dev/null; then
        rm "$transcript"
    else
        tail -n 40 "$transcript" >&2
        rm "$transcript"
        return 1
    fi
}

checksum() { cat "$@" | cksum; }

# --- Debian packages -------------------------------------------------------------------------------

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE...
apt_install() {
    say "Installing $* (apt-get)"
    { quietly apt-get update -qq && quietly apt-get install -y -qq --no-install-recommends "$@"; } ||
        fail "That did not work. Install by hand what provides $*, and try again."
}

# --- Python ----------------------------------------------------------------------------------------

# has COMMAND CONDITION: whether this Python starts and fulfils a condition.
has() { "$1" -c "import sys; sys.exit(not ($2))" >/dev/null 2>&1; }
can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
        if [ -n "${PYTHON:-}" ] && [ "$candidate" != "$PYTHON" ]; then break; fi
        if has "$candidate" "$IN_RANGE"; then
            if can_make_venv "$candidate"; then python=$candidate; return; fi
            bare=${bare:-$candidate}
        fi
    done
    [ -n "${bare:-}" ] || fail "Huajian needs Python $VERSIONS; ${PYTHON:-python3} is $(describe "${PYTHON:-python3}")." \
        "Debian 12 or newer: apt-get install python3 python3-venv. Or name one: make PYTHON=/path/to/python3.11"
    package=python$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
    can_install || fail "$bare lacks the module venv. As root: apt-get install python3-venv, then try again."
    apt_install "$package"
    can_make_venv "$bare" || fail "$bare still lacks the module venv. Name another: make PYTHON=/path/to/python3.11"
    python=$bare
}

describe() { "$1" --version 2>/dev/null || echo missing; }

# Its programs name its place, so it cannot be moved; and it must be the Python that was asked for.
venv_is_good() {
    grep -qF "$(pwd -P)/.venv/" .venv/bin/pip 2>/dev/null && has .venv/bin/python "$IN_RANGE" || return 1
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" --version 2>&1)" = "$(.venv/bin/python --version)" ]
}

make_venv() {
    venv_is_good && return
    find_python
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    quietly "$python" -m venv .venv || fail "Could not make .venv; is there room, and may you write to $PWD?"
}

# --- Packages --------------------------------------------------------------------------------------

# Complete and pinned by hash, so pip need not resolve anything.
pip_install() {
    quietly .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r "$1" ||
        fail "pip could not install $1: check the network (and PIP_INDEX_URL, if you use a mirror), then try again."
}

install_packages() {
    say "Installing Python packages from requirements/$1.lock (takes a minute or two)"
    pip_install "requirements/$1.lock"
}

# The one package outside the lock: which build of it there is (CPU, CUDA) is up to the index.
install_torch() {
    version=$(sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)
    say "Installing $version (a large one)"
    quietly .venv/bin/python -m pip install --quiet "$version" ||
        fail "pip could not install $version: check the network and the room on the disk, then try again."
}

# Editable by way of one path entry, so that new folders are importable without installing again.
install_project() {
    say "Installing huajian itself, editable"
    pip_install setup/build.lock
    quietly .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e . || fail "pip could not install this checkout."
}

# --- What packages cannot bring ----------------------------------------------------------------------

# Skia's wheel is linked to OpenGL, though we draw on the processor.
install_libraries() {
    can_import_skia && return
    if can_install; then
        apt_install libgl1 libegl1 libexpat1
    else
        sh setup/private_libraries.sh || true
    fi
    can_import_skia || fail "Skia cannot load its system libraries: $(.venv/bin/python -c 'import skia' 2>&1 | tail -n 1)" \
        "As root: apt-get install libgl1 libegl1 libexpat1 (Fedora: dnf install libglvnd-glx libglvnd-egl expat)," \
        "then try again."
}

can_import_skia() { .venv/bin/python -c 'import skia' >/dev/null 2>&1; }

# Page tests take a quarter of the processor time without the desktop application around the engine;
# systems that do not offer it, or a machine without network, have the application.
install_browser() {
    once headless-shell '' offer_headless_shell
    has_browser && return
    if can_install; then apt_install chromium; fi
    has_browser || fail "The tests drive a Chromium, and there is none. As root: apt-get install chromium;" \
        "or name one: HUAJIAN_TEST_CHROMIUM=/path/to/chrome make test"
}

offer_headless_shell() {
    if [ -n "${HUAJIAN_TEST_CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null; then return; fi
    can_install || return 0
    say "Installing chromium-headless-shell (apt-get), where there is one"
    { quietly apt-get update -qq &&
        quietly apt-get install -y -qq --no-install-recommends chromium-headless-shell; } || true
}

# An accountant's own program, which adds up our export of the books again.
install_accounting() {
    command -v hledger >/dev/null && return
    if can_install; then apt_install hledger; fi
    command -v hledger >/dev/null ||
        fail "The tests add up the exported books with hledger, and there is none. As root: apt-get install hledger"
}

# Readers of pictures and documents that are not ours, which read our exported files again.
install_readers() {
    has_readers && return
    if can_install; then apt_install libimage-exiftool-perl qpdf openssl; fi
    has_readers ||
        fail "The tests read exported files with exiftool, qpdf and openssl, and one is missing. As root:" \
            "apt-get install libimage-exiftool-perl qpdf openssl"
}

has_readers() {
    command -v exiftool >/dev/null && command -v qpdf >/dev/null && command -v openssl >/dev/null
}

has_browser() {
    for browser in ${HUAJIAN_TEST_CHROMIUM:+"$HUAJIAN_TEST_CHROMIUM"} chromium-headless-shell \
        chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$browser" >/dev/null && return
    done
    return 1
}

fetch_fonts() {
    say "Fetching fonts"
    .venv/bin/python -m generators.fonts.fetch </dev/null ||
        say "Some fonts are missing; cards use the built-in one. Try again later with: make fonts"
}

# --- In order ----------------------------------------------------------------------------------------

profile=${1:-runtime}
case $profile in runtime | dev) ;; *) fail "usage: setup/setup.sh [runtime|dev]" ;; esac

make_venv
once "packages-$profile" "$(checksum "requirements/$profile.lock")" install_packages "$profile"
if [ "$profile" = dev ]; then  # it contains the other
    remember packages-runtime "$(checksum requirements/runtime.lock)"
    once torch "$(grep -F '"torch==' pyproject.toml | cksum)" install_torch
fi
once project "$(checksum pyproject.toml setup/build.lock)" install_project
once libraries "$(checksum "requirements/$profile.lock")" install_libraries
if [ "$profile" = dev ]; then
    install_browser
    install_accounting
    install_readers
fi
once fonts "${HUAJIAN_DATA_DIR:-} $(checksum generators/fonts/catalogue.toml)" fetch_fonts
say "Huajian is set up in .venv ($(.venv/bin/python --version))."
