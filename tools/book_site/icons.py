"""The theme's icons, as a font that holds only those in use.

The theme brings three icon fonts and a script of 1.5 MB that draws every icon there is. The book
shows some twenty. Their glyphs are cut out of the fonts; ``icons.css`` names the small fonts for
these code points, so that a browser has no reason to load the large ones.
"""

import re
from pathlib import Path

from book_site import vendored

CLASSES = re.compile(r"\bfa-[a-z0-9-]+")
PRIVATE = re.compile("[\ue000-\uf8ff]|\\\\[ef][0-9a-f]{3}\\b")  # in a style sheet, raw or escaped
GLYPH = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
FACES = {  # the theme's names and weights
    "fa-solid-900": ("Font Awesome 6 Free", 900),
    "fa-regular-400": ("Font Awesome 6 Free", 400),
    "fa-brands-400": ("Font Awesome 6 Brands", 400),
}


def write(site):
    """Write the fonts and their style sheet into a built site, and drop the full fonts."""
    wanted = code_points(site)
    rules = []
    for package, path in vendored.ICON_FONTS:
        name = Path(path).stem
        held = cut(vendored.checked(package, path), wanted, site / f"_static/{name}.woff")
        for old in (site / "_static/vendor/fontawesome/webfonts").glob(f"{name}.*"):
            old.unlink()
        if held:
            family, weight = FACES[name]
            codes = ", ".join(f"U+{code:x}" for code in sorted(held))
            rules.append(
                f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
                f"font-display: block; src: url({name}.woff); unicode-range: {codes}; }}\n"
            )
    (site / "_static" / "icons.css").write_text("".join(rules), encoding="utf-8")


def code_points(site):
    """Return the code points of all icons that pages, scripts and style sheets name."""
    pages = [*site.rglob("*.html"), *(site / "_static/scripts").glob("*theme.js")]
    used = {name for page in pages for name in CLASSES.findall(page.read_text(encoding="utf-8"))}
    css = "".join(
        path.read_text(encoding="utf-8") for path in sorted((site / "_static").rglob("*.css"))
    )
    named = {
        int(code, 16)
        for names, code in GLYPH.findall(css)
        if used & {name.removesuffix(":before").lstrip(".") for name in names.split(",")}
    }
    others = PRIVATE.findall(GLYPH.sub("", css))
    return named | {ord(c) if len(c) == 1 else int(c[1:], 16) for c in others}


def cut(source, code_points, target):
    """Write those glyphs of a font that are among the code points; return which it has."""
    from fontTools import subset, ttLib

    font = ttLib.TTFont(source, recalcTimestamp=False)
    held = code_points & set(font.getBestCmap())
    if held:
        options = subset.Options(layout_features=[], notdef_outline=True)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=held)
        cutter.subset(font)
        font.flavor = "woff"
        font.save(target)
    return held
