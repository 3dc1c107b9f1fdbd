"""Binder finds what its builder, repo2docker, reads: it looks at these files, in this order."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Any of these would be built instead of requirements.txt, or instead of the files on the top level.
FIRST = ("binder", ".binder", "Dockerfile", "environment.yml", "Project.toml", "REQUIRE", "Pipfile")


def test_nothing_comes_before_requirements():
    assert [name for name in FIRST if (ROOT / name).exists()] == []


def test_the_python_is_named_and_supported():
    assert re.fullmatch(r"python-3\.(11|12|13)\n", (ROOT / "runtime.txt").read_text())


def test_requirements_are_pins_alone():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line) for line in pins)
    assert {"ipykernel", "ipywidgets"} <= {line.partition("==")[0] for line in pins}


def test_the_package_is_installed_after_them():
    script = ROOT / "postBuild"
    assert os.access(script, os.X_OK), "postBuild must be executable: chmod +x postBuild"
    text = script.read_text()
    assert text.startswith("#!/bin/bash\n")
    assert re.search(r"^python -m pip install .*--no-deps \.$", text, re.M)
