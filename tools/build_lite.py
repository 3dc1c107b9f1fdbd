"""Build the live edition, in which every chapter runs in the browser: _build/html/live.

Usage: python tools/build_lite.py [--pyodide WHERE] [--output FOLDER]

It is a JupyterLite site with the chapters, the package and the pure wheels that it needs, and can
be served by any server of files. Pyodide, the browser's Python with numpy and scipy, comes from
its own content network at the version that JupyterLite was made for; --pyodide makes the site
serve it as well, from a folder, a tarball of a Pyodide release, or a wheel that carries one.
"""

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import live_text
import live_wheels
import nbformat
from chapters import notebooks

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "_build" / "html" / "live"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# The bar of buttons on each cell fails over text that is drawn by jupyterlab-myst.
DISABLED = ["@jupyterlab/cell-toolbar-extension:plugin"]
NOTEBOOK = "@jupyterlab/notebook-extension:tracker"
ARROWS = {"ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"}
PYODIDE_SERIES = "0.27."  # what jupyterlite-pyodide-kernel 0.6 was made for
BUILT = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
# Loaded while the page opens; each chapter needs them, and the first two before any cell runs.
EARLY = ["micropip", "ipython", "jedi", "sqlite3", "ssl", "numpy", "scipy", "matplotlib"]
# JupyterLite looks for these on the site's root, and has them nowhere.
ICONS = ("notebook", "file", "console", "terminal", "busy-1", "busy-2", "busy-3")
TRIMMED = {
    "apps": ["lab", "notebooks"],
    "no_sourcemaps": True,
    "no_unused_shared_packages": True,
}


def build(output, pyodide=None):
    """Build the site from nothing."""
    shutil.rmtree(output, ignore_errors=True)
    # JupyterLite keeps state in the folder it works in, and reads an output there as settings.
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        extension = live_wheels.collect(work / "pypi")
        run_jupyterlite(work, output, extension)
    stage(output)
    add_icons(output)
    adapt_settings(output / "build" / "schemas" / "all.json")
    settings = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": EARLY}}
    if pyodide:
        copy_pyodide(pyodide, output / "static" / "pyodide")
        settings["pyodideUrl"] = "./static/pyodide/pyodide.js"
    configure(output / "jupyter-lite.json", settings)


def run_jupyterlite(work, output, extension):
    """Run `jupyter lite build` in an empty folder that holds its settings and the wheels."""
    settings = {"LiteBuildConfig": TRIMMED | {"federated_extensions": [str(extension)]}}
    (work / "jupyter_lite_config.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    command += [f"--lite-dir={work}", f"--output-dir={output}"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if done.returncode or not (output / "pypi" / "all.json").exists():
        sys.exit(f"{done.stdout}{done.stderr}\nThe live edition did not build: see above.")


def stage(output):
    """Put the chapters where the launch buttons look for them, and list each folder's content.

    JupyterLite's own way needs a whole Jupyter server to write these lists.
    """
    files = output / "files"
    for source in notebooks():
        target = files / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(blank(source), target)
    for folder in [files, *(path for path in files.rglob("*") if path.is_dir())]:
        listing = output / "api" / "contents" / folder.relative_to(files) / "all.json"
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text(json.dumps(entry(folder, files, open_folder=True)))


def adapt_settings(path):
    """Change two of JupyterLab's defaults.

    Its notebook takes the arrow keys even from a slider that has the focus. And it removes cells
    that are out of view, and with them what a reader has set there.
    """
    plugins = json.loads(path.read_text())
    (tracker,) = (each for each in plugins if each["id"] == NOTEBOOK)
    keys = [
        key
        for key in tracker["schema"]["jupyter.lab.shortcuts"]
        if ARROWS.intersection(key["keys"])
    ]
    for key in keys:
        key["selector"] = key["selector"].replace(":focus", ":focus:not([role=slider])")
    tracker["schema"]["properties"]["windowingMode"]["default"] = "none"
    path.write_text(json.dumps(plugins))


def add_icons(output):
    """Add the icons that a browser's tab shows while a notebook waits or works."""
    folder = output / "static" / "favicons"
    folder.mkdir(parents=True)
    for name in ICONS:
        shutil.copyfile(output / "icon-120x120.png", folder / f"favicon-{name}.ico")


def blank(source):
    """Read a chapter as a reader meets it there: without outputs, its text as it can be shown."""
    notebook = nbformat.read(source, as_version=4)
    works = live_text.references((ROOT / "book" / "references.bib").read_text(encoding="utf-8"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = live_text.adapt(cell.source, source.parent, works)
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    notebook.metadata.kernelspec = {
        "display_name": "Python (Pyodide)",
        "language": "python",
        "name": "python",
    }
    return notebook


def entry(path, files, open_folder=False):
    """Describe one file or folder as Jupyter's contents API does."""
    folder = path.is_dir()
    content = [entry(each, files) for each in sorted(path.iterdir())] if open_folder else None
    name = path.relative_to(files).as_posix()
    return {
        "name": "" if name == "." else path.name,
        "path": "" if name == "." else name,
        "type": "directory" if folder else "notebook",
        "format": "json" if open_folder else None,
        "content": content,
        "created": BUILT,
        "last_modified": BUILT,
        "mimetype": None,
        "size": None if folder else path.stat().st_size,
        "writable": True,
    }


def configure(path, settings):
    """Add settings of the Python kernel to the site's configuration."""
    site = json.loads(path.read_text())
    data = site["jupyter-config-data"]
    data["appName"] = "The price of anarchy, live"
    data["disabledExtensions"] = [*data.get("disabledExtensions", []), *DISABLED]
    data.setdefault("litePluginSettings", {}).setdefault(KERNEL, {}).update(settings)
    path.write_text(json.dumps(site, indent=2) + "\n")


def copy_pyodide(where, target):
    """Copy Pyodide from a folder, a tarball or a wheel, wherever in it the files lie."""
    with tempfile.TemporaryDirectory() as unpacked:
        folder = where if where.is_dir() else unpack(where, Path(unpacked))
        locks = sorted(folder.rglob("pyodide-lock.json"), key=lambda path: len(path.parts))
        if not locks or not locks[0].with_name("pyodide.js").exists():
            sys.exit(f"{where} holds no Pyodide: no pyodide.js with a pyodide-lock.json beside it.")
        version = json.loads(locks[0].read_text())["info"]["version"]
        if not version.startswith(PYODIDE_SERIES):
            sys.exit(f"{where} holds Pyodide {version}; give a release {PYODIDE_SERIES}x.")
        shutil.copytree(locks[0].parent, target)


def unpack(archive, folder):
    """Unpack a tarball, or a wheel or other zip file; return the folder."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)
    elif archive.is_file() and tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    else:
        sys.exit(f"{archive} is no folder, tarball or wheel: give one that holds Pyodide.")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pyodide", type=Path, help="serve Pyodide from this folder or archive")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where to build the site")
    options = parser.parse_args()
    build(options.output.resolve(), options.pyodide)
    size = sum(path.stat().st_size for path in options.output.rglob("*") if path.is_file())
    print(f"The live edition is in {options.output}: {size / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
