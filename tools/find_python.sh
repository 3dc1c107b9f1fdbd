#!/bin/sh
# Print the Python that the environment is made with, or say in one sentence what is missing.
# Usage: find_python.sh [CANDIDATE]     a candidate given by the user is the only one tried
#
# A name on PATH is not enough: version managers leave names that only print an error. So each
# candidate is run, and counts if its version fits and it can make an environment with pip.

check='
import sys
if sys.version_info < (3, 11): sys.exit(11)
if len(sys.argv) > 1 and sys.version_info >= (3, 14): sys.exit(12)
try:
    import venv, ensurepip
except ImportError:
    sys.exit(13)
print(sys.executable)
'
say() { echo "$@" >&2; }

if [ -n "${1:-}" ]; then
    found=$("$1" -c "$check" 2>/dev/null)
    case $? in
        0) echo "$found"; exit 0 ;;
        11) say "PYTHON=$1 is older than Python 3.11; give one that is 3.11, 3.12 or 3.13." ;;
        13) say "PYTHON=$1 cannot make environments; install its venv and ensurepip modules" \
                "(on Debian and Ubuntu: apt install python3-venv)." ;;
        *) say "PYTHON=$1 does not run; give the path of a Python 3.11, 3.12 or 3.13." ;;
    esac
    exit 1
fi

no_venv=
for candidate in python3.12 python3.11 python3.13 python3 python; do
    found=$("$candidate" -c "$check" range 2>/dev/null)
    case $? in
        0) echo "$found"; exit 0 ;;
        13) no_venv=${no_venv:-$candidate} ;;
    esac
done
if [ -n "$no_venv" ]; then
    say "$no_venv cannot make environments; install its venv and ensurepip modules" \
        "(on Debian and Ubuntu: apt install python3-venv)."
else
    say "No Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python."
fi
exit 1
