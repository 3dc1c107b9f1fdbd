"""The live edition's wheels and texts, without building it."""

import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("jupyterlite_core", reason="the book's environment builds the live edition")

import build_lite  # noqa: E402
import live_text  # noqa: E402
import live_wheels  # noqa: E402
from normalise_notebooks import INSTALL, with_install_cell  # noqa: E402

WORKS = {"one2020": "One 2020", "two2021": "Two et al. 2021"}


def adapt(text):
    return live_text.adapt(text, ROOT / "book", WORKS)


def test_wheel_has_a_version_of_its_content(tmp_path, monkeypatch):
    first, again = (live_wheels.own_wheel(tmp_path / name) for name in made(tmp_path, "a", "b"))
    assert first.name == again.name
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as wheel:
        names = wheel.namelist()
        assert "d3c_minimal/data/claims.yml" in names
        assert not [name for name in names if "__pycache__" in name]
        (about,) = (name for name in names if name.endswith("METADATA"))
        assert f"Version: {first.name.split('-')[1]}\n" in wheel.read(about).decode()
    monkeypatch.setattr(live_wheels, "PACKAGE", ROOT / "d3c_minimal" / "games")
    assert live_wheels.own_wheel(tmp_path / "a").name != first.name


def made(folder, *names):
    for name in names:
        (folder / name).mkdir()
        yield name


def test_compiled_parts_are_left_out(tmp_path):
    about = "Name: PyYAML\nVersion: 6.0\n"
    files = {"yaml/__init__.py": b"", "yaml/_yaml.cpython-312.so": b"x"}
    compiled = live_wheels.write_wheel(tmp_path, "pyyaml", "6.0", about, files)
    with zipfile.ZipFile(live_wheels.pure_copy(compiled, tmp_path)) as wheel:
        assert [name for name in wheel.namelist() if name.endswith((".py", ".so"))] == [
            "yaml/__init__.py"
        ]


def test_pins_agree_with_the_book():
    def pins(name):
        lines = (ROOT / name).read_text().lower().splitlines()
        return dict(line.rstrip(" \\").split("==")[:2] for line in lines if "==" in line)

    live, book = pins("requirements-live.txt"), pins("requirements.txt")
    assert {"autograd", "ipywidgets", "joblib", "pyyaml", "tqdm"} <= live.keys()
    assert {name: live[name] for name in live.keys() & book.keys()} == {
        name: book[name] for name in live.keys() & book.keys()
    }


def test_text_is_put_into_words_that_jupyterlite_shows():
    assert adapt("so {cite}`one2020,two2021`.") == "so (One 2020; Two et al. 2021)."
    assert adapt("{func}`~d3c_minimal.games.traffic`") == "`traffic`"
    assert adapt("{func}`d3c_minimal.games.traffic`") == "`d3c_minimal.games.traffic`"
    assert adapt("[a](ledger) [b](api) [c](ledger#x)") == (
        "[a](ledger.ipynb) [b](api) [c](ledger.ipynb#x)"
    )


def test_gated_exercises_become_what_one_cell_can_hold():
    whole = "```{exercise-start} T\n:label: l\n```\nbody\n```{exercise-end}\n```\n"
    assert adapt(whole) == "````{exercise} T\n:label: l\nbody\n````\n"
    cut = "```{solution-start} l\n:class: dropdown\n```\nbody\n"
    assert adapt(cut) == "**Solution**\n\nbody\n"
    assert adapt("after\n```{solution-end}\n```\n") == "after\n"


def test_bibliography_gives_authors_and_year():
    works = live_text.references((ROOT / "book" / "references.bib").read_text(encoding="utf-8"))
    assert works["gemp2022d3c"] == "Gemp et al. 2022"
    assert all(text[-4:].isdigit() for text in works.values())


def test_install_cell_is_first_once_and_silent_here():
    cells = [cell("markdown"), cell("code"), cell("code")]
    once = with_install_cell(cells)
    assert [each.get("id") for each in once] == ["m", "install", "c", "c"]
    assert len(with_install_cell(once)) == 4
    assert with_install_cell([cell("markdown")]) == [cell("markdown")]
    plain = INSTALL.replace("%pip install -q d3c_minimal", "raise SystemExit")
    exec(plain, {})  # on a desktop nothing happens


def cell(kind):
    return build_lite.nbformat.from_dict({"cell_type": kind, "id": kind[0], "source": ""})


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda folder: folder / "nowhere.tar.bz2", "no folder, tarball or wheel"),
        (lambda folder: folder, "holds no Pyodide"),
        (lambda folder: release(folder, "0.29.0"), "give a release 0.27"),
    ],
)
def test_a_wrong_pyodide_is_refused_in_words(tmp_path, make, complaint):
    with pytest.raises(SystemExit, match=complaint):
        build_lite.copy_pyodide(make(tmp_path), tmp_path / "site")


@pytest.mark.parametrize("packed", [False, True])
def test_pyodide_is_found_wherever_it_lies(tmp_path, packed):
    where = release(tmp_path / "deep" / "down", "0.27.7")
    if packed:
        archive = tmp_path / "one.whl"
        with zipfile.ZipFile(archive, "w") as file:
            for path in where.rglob("*.js*"):
                file.write(path, f"assets/pyodide/{path.name}")
        where = archive
    build_lite.copy_pyodide(where, tmp_path / "site")
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == [
        "pyodide-lock.json",
        "pyodide.js",
    ]


def release(folder, version):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyodide.js").touch()
    (folder / "pyodide-lock.json").write_text(f'{{"info": {{"version": "{version}"}}}}')
    return folder
