"""The API page documents every public name of the package.

A package that lists ``__all__`` speaks for its submodules, and a module that does so for itself;
otherwise the public names are the functions and classes that a module defines.
"""

import functools
import importlib
import inspect
import pkgutil

import pytest

import d3c_minimal


def modules(package=d3c_minimal):
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if info.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(info.name)
        yield module
        if info.ispkg and not hasattr(module, "__all__"):
            yield from modules(module)


def public_names(module):
    """List the functions and classes that a module offers."""
    for name, value in vars(module).items():
        own = not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
        callable_ = inspect.isfunction(value) or inspect.isclass(value)
        if name in module.__all__ if hasattr(module, "__all__") else own and callable_:
            yield name


@pytest.fixture(scope="module")
def documented(book):
    """Return the objects that the page describes, found by the names it gives them."""
    found = []
    for term in book["book/api.html"].select("dl.py > dt[id]"):
        names = term["id"].split(".")[1:]
        found.append(functools.reduce(lambda o, name: getattr(o, name, None), names, d3c_minimal))
    return found


@pytest.mark.parametrize("module", list(modules()), ids=lambda module: module.__name__)
def test_public_names_are_documented(documented, module):
    missing = [
        name
        for name in public_names(module)
        if not any(getattr(module, name) is thing for thing in documented)
    ]
    if missing:
        pytest.fail(
            f"book/api.md does not document {', '.join(missing)} of {module.__name__}: add "
            f"`.. automodule:: {module.__name__}` with `:members:` there, and docstrings here.",
            pytrace=False,
        )


def test_every_documented_name_says_something(book):
    terms = book["book/api.html"].select("dl.py > dt[id]")
    silent = [t["id"] for t in terms if not t.find_next_sibling("dd").get_text(strip=True)]
    assert terms
    assert not silent
