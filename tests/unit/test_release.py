"""What has to agree across files when a version is released."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import d3c_minimal

ROOT = Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_citation_and_changelog_name_the_version():
    assert yaml.safe_load(read("CITATION.cff"))["version"] == d3c_minimal.__version__
    assert re.search(r"^## (\S+)", read("CHANGELOG.md"), re.M).group(1) == d3c_minimal.__version__


def test_oldest_versions_are_the_lower_bounds():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    pins = [line for line in read("tests/oldest.txt").splitlines() if '>= "3.13"' not in line]
    oldest = dict(re.findall(r"^([\w-]+)==([\d.]+)", "\n".join(pins), re.M))
    for requirement in project["dependencies"]:
        name, bound = requirement.split(">=")
        assert f"{oldest[name]}.".startswith(f"{bound}."), requirement


@pytest.mark.parametrize("name", ["README.md", "book/api.md", "pyproject.toml"])
def test_the_repository_address_stands_in_the_configuration_alone(name):
    address = yaml.safe_load(read("_config.yml"))["repository"]["url"]
    assert address not in read(name)
