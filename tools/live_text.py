"""A chapter's text as JupyterLite can show it.

The book's pages are made by Sphinx, which knows the bibliography, the package's reference and
exercises that reach over several cells. A page of JupyterLite knows one cell at a time; what it
would show raw is put into words that it can show.
"""

import re

FENCE = r"```\{%s\}[ ]*(?P<title>[^\n]*)\n(?P<options>(?::[^\n]*\n)*)```[ ]*\n?"
START = re.compile(FENCE % r"(?P<kind>exercise|solution)-start", re.M)
WHOLE = re.compile(
    START.pattern + r"(?P<body>.*?)" + r"```\{(?P=kind)-end\}[ ]*\n```[ ]*(?:\n|$)", re.M | re.S
)
END = re.compile(r"```\{(?:exercise|solution)-end\}[ ]*\n```[ ]*(?:\n|$)")
CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]*)`")
CODE = re.compile(r"\{(?:py:)?(?:func|class|mod|meth|attr|data|obj)\}`(~?)([^`]*)`")
LINK = re.compile(r"(?<=\]\()([\w./-]+)(?=[)#])")
ENTRY = re.compile(r"^@\w+\{([^,\s]+),(.*?)^\}", re.M | re.S)


def adapt(text, folder, references):
    """Rewrite one cell of text; ``folder`` holds its notebook, ``references`` names the works."""
    text = WHOLE.sub(_directive, text)
    text = START.sub(_heading, text)
    text = END.sub("", text)
    text = CITE.sub(lambda cite: f"({_named(cite[1], references)})", text)
    text = CODE.sub(lambda role: f"`{_last(role[2]) if role[1] else role[2]}`", text)
    return LINK.sub(lambda link: _to_notebook(link[1], folder), text)


def references(bibliography):
    """Map each key of a BibTeX file to author and year, as one cites them."""
    found = {}
    for key, body in ENTRY.findall(bibliography):
        fields = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", body, re.M))
        people = fields.get("author") or fields.get("editor") or key
        names = [_surname(name) for name in people.split(" and ")]
        who = names[0] + (" et al." if len(names) > 2 else "")
        who = " and ".join(names) if len(names) == 2 else who
        found[key] = f"{who} {fields.get('year', '')}".strip()
    return found


def _directive(match):
    """Make one directive of a gated one that lies within a cell."""
    body = match["body"].strip("\n")
    return f"````{{{match['kind']}}} {match['title']}\n{match['options']}{body}\n````\n"


def _heading(match):
    """Begin in words what ends in another cell; a solution's title is its exercise's label."""
    if match["kind"] == "solution":
        return "**Solution**\n\n"
    return f"**Exercise.** *{match['title']}*\n\n"


def _named(keys, references):
    return "; ".join(references.get(key.strip(), key.strip()) for key in keys.split(","))


def _last(name):
    return name.rpartition(".")[2]


def _surname(name):
    plain = re.sub(r"\\.|[{}]", "", name).strip()
    return plain.partition(",")[0] if "," in plain else plain.split()[-1]


def _to_notebook(link, folder):
    """Complete a link to another chapter, which the book writes without its ending."""
    return link + ".ipynb" if (folder / f"{link}.ipynb").exists() else link
