"""Turn a matplotlib figure into a small SVG that can stand inside a page.

Matplotlib writes one file for itself: it styles every element of the page that it is put into,
repeats ids from figure to figure, and writes six digits where two will do. Here its output is
parsed and written anew: presentation attributes instead of style sheets, relative path commands
on a grid of 1/100 point, ids only where something refers to them, and those unique.
"""

import hashlib
import io
import itertools
import re
import xml.etree.ElementTree as ET

from matplotlib.backends.backend_svg import FigureCanvasSVG

from d3c_minimal.plots import style

_NS = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_TOKEN = re.compile(rf"[A-Za-z]|{_NUMBER.pattern}")
_TRANSLATION = re.compile(rf"translate\(({_NUMBER.pattern})[ ,]*({_NUMBER.pattern})?\)")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NUMERIC = {"x", "y", "width", "height", "transform", "stroke-width", "stroke-dasharray"}
_DEFAULTS = {("x", "0"), ("y", "0")}
_ARGUMENTS = {"m": 2, "l": 2, "q": 4, "c": 6}
_GLYPH_SCALE = "scale(0.015625)"
_count = itertools.count(1)


def draw(figure, label, *, ink="currentColor", attributes=None):
    """Return the figure as one ``<svg role="img">`` element.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    label : str
        The alternative text.
    ink : str
        What text and axes are coloured with.
    attributes : dict, optional
        Further attributes of the element.

    Returns
    -------
    str
        Ids in it begin with a hash of the drawing and a running number, so no two drawings on a
        page share one: browsers do not find clip paths and glyphs inside a hidden drawing.
    """
    file = io.BytesIO()
    with style.context():
        # Straight to the canvas: figure.savefig would draw everything twice.
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})
    root = ET.fromstring(file.getvalue())
    box = root.get("viewBox")
    for junk in [*root.findall(f"{_NS}metadata"), *root.findall(f"{_NS}defs")]:
        if junk.find(f"{_NS}clipPath") is None:
            root.remove(junk)
    blank = {path.get("id") for path in root.iter(f"{_NS}path") if not path.get("d")}
    children = [kept for child in root for kept in _tidied(child, ink, blank)]
    _rename_ids(children)
    root = ET.Element("svg", {"xmlns": _NS[1:-1], "viewBox": box, "role": "img"})
    root.set("aria-label", label)
    root.attrib |= {"stroke-linejoin": "round", **(attributes or {})}
    root.extend(children)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True).replace(" />", "/>")


def _tidied(element, ink, blank):
    """Yield the element in short form; a group that says nothing is replaced by its content."""
    element.tag = element.tag.removeprefix(_NS)
    element.text = element.tail = None
    if _HREF in element.attrib:
        element.set("href", element.attrib.pop(_HREF))
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if value:
            element.set(name.strip(), value.strip())
    for name in ("fill", "stroke"):
        if element.get(name) == style.INK:
            element.set(name, ink)
    if element.tag == "path":
        if not element.get("d"):
            return
        glyph = element.get("transform") == _GLYPH_SCALE
        if glyph:
            element.set("transform", "scale(.25)")
        element.set("d", short_path(element.get("d"), 1 / 16 if glyph else 100, 0 if glyph else 2))
    elif element.tag == "use":
        if element.get("href")[1:] in blank:
            return
        moved = _TRANSLATION.fullmatch(element.get("transform", ""))
        if moved:
            del element.attrib["transform"]
            element.attrib |= {"x": moved[1], "y": moved[2] or "0"}
    if element.tag != "image":
        for name in _NUMERIC & set(element.attrib):
            element.set(name, _NUMBER.sub(_short_number, element.get(name)))
    if element.tag == "use":
        element.attrib = {k: v for k, v in element.attrib.items() if (k, v) not in _DEFAULTS}
    content = [kept for child in element for kept in _tidied(child, ink, blank)]
    for child in list(element):
        element.remove(child)
    element.extend(content)
    if element.tag == "g" and not set(element.attrib) - {"id"}:
        yield from content
    elif element.tag not in ("g", "defs") or content:
        yield element


def _short_number(match):
    value = float(match[0])
    places = 2 if abs(value) >= 1 else 4
    return _digits(round(value * 10**places), places)


def _digits(units, places):
    """Write ``units`` / 10^places without needless characters."""
    if not places or not units:
        return str(units)
    sign, units = ("-", -units) if units < 0 else ("", units)
    whole, part = divmod(units, 10**places)
    part = f".{part:0{places}d}".rstrip("0").rstrip(".")
    return f"{sign}{whole if whole or not part else ''}{part}"


def short_path(d, scale, places):
    """Rewrite absolute path data with relative commands on the grid of 1 / ``scale``.

    Points are rounded before differences are taken, so errors do not add up.

    Examples
    --------
    >>> short_path("M 10 20 L 10.504 20 L 11 21 L 12 23 z", 100, 2)
    'm10 20h.5l.5 1 1 2z'
    """
    tokens = iter(_TOKEN.findall(d))
    moves, at, start = [], (0, 0), (0, 0)
    for token in tokens:
        letter, last = token.lower(), moves[-1][0] if moves else ""
        if letter == "z":
            at = start
            moves.append(("z", []))
            continue
        numbers = [round(float(next(tokens)) * scale) for _ in range(_ARGUMENTS[letter])]
        steps = [number - at[k % 2] for k, number in enumerate(numbers)]
        at = tuple(numbers[-2:])
        if letter == "m":
            start = at
        elif letter == "l" and not any(steps) and last in "lhv":
            continue
        elif letter == "l" and 0 in steps and any(steps):
            letter, steps = ("h", steps[:1]) if steps[0] else ("v", steps[1:])
            if letter == last and steps[0] * moves[-1][1][0] > 0:
                moves[-1][1][0] += steps[0]
                continue
        moves.append((letter, steps))
    return _written(moves, places)


def _written(moves, places):
    out, last = "", ""
    for letter, steps in moves:
        # Pairs that follow a move are read as lines, so that "l" need not be written.
        if letter in "mz" or (letter != last and (last, letter) != ("m", "l")):
            out += letter
        for number in (_digits(step, places) for step in steps):
            out += number if out[-1].isalpha() or number[0] == "-" else " " + number
        last = letter
    return out


def _rename_ids(children):
    """Drop ids that nothing refers to; make the others short and unique."""
    elements = [element for child in children for element in child.iter()]
    used = []
    for element in elements:
        for name, value in element.attrib.items():
            used += _REFERENCE.findall(value)
            if name == "href" and value.startswith("#"):
                used.append(value[1:])
    body = b"".join(ET.tostring(child) for child in children)
    prefix = f"d{hashlib.sha256(body).hexdigest()[:6]}-{next(_count)}-"
    names = {old: f"{prefix}{k}" for k, old in enumerate(dict.fromkeys(used))}
    for element in elements:
        if element.get("id") in names:
            element.set("id", names[element.get("id")])
        else:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "href" and value.startswith("#"):
                element.set(name, "#" + names[value[1:]])
            elif "url(#" in value:
                element.set(name, _REFERENCE.sub(lambda m: f"url(#{names[m[1]]})", value))
