#!/bin/sh
# Puts the OpenGL loader libraries beside Skia, inside .venv, for a user who may not install packages.
# Debian and Ubuntu only: their packages are downloaded and unpacked without any rights. Skia's wheel
# looks into its folder skia_python.libs first, for itself and for what its libraries need in turn.
set -eu
cd "$(dirname "$0")/.."
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null
target=$(ls -d .venv/lib/python3*/site-packages/skia_python.libs)
target=$(cd "$target" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/archives/partial" "$scratch/debs"
cd "$scratch"

# The system's sources and keys, with lists and caches of our own.
apt() { apt-get -qq -o "Dir::State::lists=$scratch/lists" -o "Dir::Cache=$scratch/archives" "$@" >/dev/null 2>&1; }

echo "Downloading OpenGL libraries into .venv (no root needed)"
apt update
cd debs
for package in libgl1 libegl1 libglvnd0 libglx0 libx11-6 libxcb1 libxau6 libxdmcp6 libbsd0 libmd0 libexpat1; do
    apt download "$package" || echo "  $package is not to be had; going on without it"
done
for package in *.deb; do
    dpkg-deb --extract "$package" "$scratch/root"
done
# Under the name that a program asks for, which is a link to the file in the package.
find "$scratch/root" -name 'lib*.so.?' | while read -r library; do
    cp -L "$library" "$target/"
done
