"""The wheels that the live edition serves itself, so that a browser asks no package index.

requirements-live.txt, written by `make lock`, names them with their hashes; pip downloads them
once into .cache/. Two wheels are written here: the package's own, and PyYAML's, which is published
compiled only, but whose Python files work alone.
"""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
PINS = ROOT / "requirements-live.txt"
PACKAGE = ROOT / "d3c_minimal"
EXTENSION = "jupyterlab_myst"  # for JupyterLite's pages, not for the Python in them
# Pure wheels fit any target; PyYAML's compiled one must be the same file on every machine.
TARGET = ("--platform=manylinux2014_x86_64", "--implementation=cp", "--python-version=3.12")
WHEEL = """\
Wheel-Version: 1.0
Generator: tools/live_wheels.py
Root-Is-Purelib: true
Tag: py3-none-any
"""


def download(pins, name):
    """Download what a file of pins and hashes names into a cache folder, once; return its files."""
    folder = CACHE / name / hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    done = folder / ".done"
    if not done.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", *TARGET]
        command += ["--dest", str(folder), "--requirement", str(pins)]
        if subprocess.run(command).returncode:
            raise SystemExit(
                f"The wheels in {pins.name} could not be downloaded, or are not what their hashes "
                "say: connect to a package index, or mend the pin if its file has gone."
            )
        done.touch()
    return sorted(folder.glob("*.whl"))


def collect(folder):
    """Fill a folder with the wheels to serve; return JupyterLite's extension, a wheel as well."""
    folder.mkdir(parents=True, exist_ok=True)
    extension = None
    for wheel in download(PINS, "live"):
        if wheel.name.startswith(EXTENSION):
            extension = wheel
        elif wheel.name.endswith("-none-any.whl"):
            (folder / wheel.name).write_bytes(wheel.read_bytes())
        else:
            pure_copy(wheel, folder)
    own_wheel(folder)
    return extension


def own_wheel(folder):
    """Write the package's wheel, its version ending in a hash of its content.

    A browser keeps what it has fetched; under a new name it fetches anew.
    """
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".partial"
    }
    about = metadata.distribution("d3c_minimal").read_text("METADATA")
    digest = hashlib.sha256(about.encode())
    for name, content in files.items():
        digest.update(name.encode() + hashlib.sha256(content).digest())
    version = f"{_version(about)}+{digest.hexdigest()[:10]}"
    about = re.sub(r"^Version: .*$", f"Version: {version}", about, count=1, flags=re.M)
    return write_wheel(folder, "d3c_minimal", version, about, files)


def pure_copy(wheel, folder):
    """Write a wheel of the Python files of a compiled one."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
        about = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        name = about.partition("-")[0]
        text = archive.read(about).decode()
    return write_wheel(folder, name, _version(text), text, files)


def write_wheel(folder, name, version, about, files):
    """Write a pure wheel: the same content gives the same bytes."""
    info = f"{name}-{version}.dist-info"
    files = files | {f"{info}/METADATA": about.encode(), f"{info}/WHEEL": WHEEL.encode()}
    record = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return target


def _version(about):
    return re.search(r"^Version: (.*)$", about, re.M).group(1).strip()


def _hash(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.rstrip(b"=").decode()
