"""The part of the package that an experiment's numbers can depend on, and its hash.

An experiment depends on the modules that it imports, and on those that these import. A change
anywhere else leaves its stored result as good as it was, and so does a change of words: docstrings,
comments and blank lines are not hashed.
"""

import ast
import hashlib
import io
import tokenize
from importlib import resources

import d3c_minimal

PACKAGE = d3c_minimal.__name__
# No number depends on these parts of the package.
_NOT_HASHED = {"plots", "explorers", "data", "ledger", "__main__"}


def source_hash(module):
    """Return the sha256 of the code that ``module`` depends on.

    Parameters
    ----------
    module : str
        The dotted name of an experiment's module. One from outside the package may use any part
        of it, so there the hash is that of the whole package.
    """
    digest = hashlib.sha256()
    for name in sorted(dependencies(module)):
        content = code_alone(_source(name)).encode()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def dependencies(module):
    """Return the dotted names of the package's modules that ``module`` depends on, a set.

    A package's ``__init__`` that only passes names on is looked through, not counted.
    """
    if not module.startswith(f"{PACKAGE}."):
        return set(_everything())
    found, ahead = set(), [module]
    while ahead:
        name = ahead.pop()
        if name not in found and name.split(".")[1] not in _NOT_HASHED:
            found.add(name)
            ahead += _imports(name)
    return found


def _imports(name):
    """Yield the package's modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(_source(name))):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith(f"{PACKAGE}."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                home = _home(node.module, alias.name)
                if home:
                    yield home


def _home(module, name):
    """Return the module that ``from module import name`` takes the name from, None for none."""
    if _path(f"{module}.{name}").is_file():
        return f"{module}.{name}"
    if _path(module).is_file():
        return module
    init = _path(f"{module}.{name}.__init__")
    if init.is_file():  # a package, whose names are not known here: all that it passes on
        return f"{module}.{name}.__init__"
    for node in ast.parse(_source(f"{module}.__init__")).body:
        if isinstance(node, ast.ImportFrom) and name in {a.asname or a.name for a in node.names}:
            return _home(node.module, name)
    return None if module == PACKAGE else f"{module}.__init__"


def _path(name):
    return resources.files(d3c_minimal).joinpath(
        *name.split(".")[1:-1], name.split(".")[-1] + ".py"
    )


def _source(name):
    return _path(name).read_text(encoding="utf-8")


def code_alone(source):
    """Return Python source without docstrings, comments, blank lines and spaces at line ends."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


def _everything(folder=None, prefix=PACKAGE):
    for path in (folder or resources.files(d3c_minimal)).iterdir():
        stem = path.name.removesuffix(".py")
        if path.is_dir():
            if path.name not in _NOT_HASHED:
                yield from _everything(path, f"{prefix}.{path.name}")
        elif path.name.endswith(".py") and stem not in _NOT_HASHED:
            yield f"{prefix}.{stem}"
