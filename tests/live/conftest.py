"""The live edition with a Pyodide of its own, served from this machine to a browser.

Every address outside is blocked, by a proxy that takes all requests which do not stay on this
machine, and an attempt to reach one is a failure of the test that made it.
"""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import live_wheels
import pytest
from reader import Reader
from trap import trapping

import chromium as browsers
import serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def edition(tmp_path_factory, worker_id):
    """Build the edition once for all workers; return the folder that is served."""
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent
    served = base / "served"
    with open(base / "edition.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (served / "done").exists():
            (pyodide,) = live_wheels.download(ROOT / "tests" / "live" / "pyodide.txt", "pyodide")
            command = [sys.executable, str(ROOT / "tools" / "build_lite.py")]
            command += ["--pyodide", str(pyodide), "--output", str(served / "live")]
            subprocess.run(command, check=True)
            give_access(served / "live" / "jupyter-lite.json")
            (served / "done").touch()
    return served


def give_access(path):
    """Let the tests see the application: how far a notebook has run, and its outputs."""
    site = json.loads(path.read_text())
    site["jupyter-config-data"]["exposeAppInBrowser"] = True
    path.write_text(json.dumps(site))


@pytest.fixture(scope="session")
def trap():
    """A proxy that lets nothing through; ``asked`` is what was asked of it."""
    with trapping() as server:
        yield server


@pytest.fixture(scope="session")
def chromium(trap):
    """A browser whose every request to another machine ends in the trap."""
    from playwright.sync_api import sync_playwright

    try:
        path = browsers.find_or_install()
    except browsers.NoBrowser as error:
        pytest.fail(str(error), pytrace=False)
    arguments = [*browsers.ARGUMENTS, f"--proxy-server=http://127.0.0.1:{trap.server_port}"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def address(edition):
    """Where the edition is served."""
    with serve.served(edition) as root:
        yield f"{root}live"


@pytest.fixture(scope="session")
def context(chromium):
    """One reader's browser: what one chapter has fetched, the next finds in the cache."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def closed_off(trap):
    """Fail if something asked for another machine meanwhile."""
    trap.asked.clear()
    yield trap
    assert trap.asked == [], "requests that leave this machine"


@pytest.fixture
def reader(context, address, closed_off):
    """A reader with an empty page."""
    reader = Reader(context, address)
    yield reader
    reader.close()


def pytest_collection_modifyitems(items):
    if os.environ.get("D3C_SKIP_BROWSER"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="D3C_SKIP_BROWSER is set"))


def pytest_terminal_summary(terminalreporter):
    """Print the times that tests have recorded."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
