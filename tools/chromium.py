"""The browser that the book's pages are tested in and printed with: Chromium or one of its kin.

Usage: python tools/chromium.py     prints its path, after installing it if that can be done

In this order: what D3C_BROWSER names; a Chromium, Chrome or Edge of this machine; where the user
is root on Debian or Ubuntu, the system's own chromium package.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Off: sandboxes that containers lack, and whatever calls home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "No Chromium was found: install Chromium or Chrome (on Debian: apt-get install chromium), or "
    "name it: D3C_BROWSER=/path/to/chrome. To go without, set D3C_SKIP_BROWSER=1."
)


class NoBrowser(Exception):
    """There is no browser, and none can be installed."""


def find():
    """Return the path of a browser, or None."""
    named = os.environ.get("D3C_BROWSER")
    if named:
        if not shutil.which(named):
            raise NoBrowser(f"D3C_BROWSER={named} cannot be run: give the path of a Chromium.")
        return shutil.which(named)
    found = [path for name in NAMES if (path := shutil.which(name)) and works(path)]
    found += [path for path in APPLICATIONS if Path(path).exists()]
    return found[0] if found else None


def works(path):
    """Say whether a program is more than a name: Ubuntu's chromium may only point to a snap."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_or_install():
    """Return the path of a browser.

    Raises
    ------
    NoBrowser
        With what to do, if there is none and none can be installed.
    """
    path = find()
    if path is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium with apt-get", file=sys.stderr, flush=True)
        install = ["install", "--yes", "--no-install-recommends", "chromium"]
        for task in (["update"], install):
            subprocess.run(
                ["apt-get", "--quiet", *task],
                stdout=subprocess.DEVNULL,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
        path = find()
    if path is None:
        raise NoBrowser(MISSING)
    return path


def main():
    if os.environ.get("D3C_SKIP_BROWSER"):
        print("D3C_SKIP_BROWSER is set: no browser is looked for.")
        return 0
    try:
        print(find_or_install())
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
