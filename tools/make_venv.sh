#!/bin/sh
# Make a virtual environment from scratch, with the package in it (editable), unless it is there.
# Usage: make_venv.sh FOLDER PYTHON-OR-EMPTY FILE... -- PIP-ARGUMENTS...
#
# FOLDER/.stamp holds the repository's place and the checksums of FILEs, and is written last: the
# environment is made again when a FILE's content changes, when it was not finished, when another
# Python is asked for, when the repository was moved, and when its Python is gone.
set -eu

folder=$1 asked=$2 files=
shift 2
while [ "$1" != -- ]; do files="$files $1"; shift; done
shift
wanted="$PWD
$(cksum $files)"

if [ "$wanted" = "$(cat "$folder/.stamp" 2>/dev/null)" ] &&
    { [ -z "$asked" ] || [ "$asked" = "$(cat "$folder/.python")" ]; } &&
    "$folder/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

python=$(sh tools/find_python.sh "$asked")
echo "Making $folder with $("$python" -V) ($python)"
"$python" -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet "$@"
"$folder/bin/python" -m pip install --quiet --no-deps --editable .
"$folder/bin/python" -m pip check
echo "$asked" > "$folder/.python"
echo "$wanted" > "$folder/.stamp"
