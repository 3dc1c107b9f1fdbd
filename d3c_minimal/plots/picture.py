"""Picture: a figure with an alternative text, shown as SVG in the colours of the page."""

import html
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from d3c_minimal.plots import style, svg

_PIXELS_PER_INCH = 115  # at most: larger type than the page's looks coarse


@dataclass(frozen=True)
class Picture:
    """A figure and what it shows in words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        The alternative text; it is what a notebook stores and a screen reader reads.
    caption : str
        Shown below the figure.

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """

    figure: Figure
    alt: str
    caption: str = ""

    def __post_init__(self):
        if not self.alt.strip():
            raise ValueError("a picture needs words for those who do not see it: alt='...'.")

    def svg(self):
        """Return the ``<svg>`` element, as wide as its surroundings up to a limit."""
        width = self.figure.get_size_inches()[0] * _PIXELS_PER_INCH
        look = {"width": "100%", "style": f"max-width:{width:.0f}px;height:auto"}
        return svg.draw(self.figure, self.alt, attributes=look)

    def html(self, inner=False):
        """Return the ``<figure>`` element that stands on a page, or ``inner`` another figure."""
        margin = ' style="margin:0"' if inner else ""
        return f'<figure class="d3c-picture"{margin}>{self.svg()}{captioned(self.caption)}</figure>'

    def save(self, path):
        """Write the picture, dark on white, to a file that ends in .svg or .png.

        Raises
        ------
        ValueError
            If the name ends otherwise.
        """
        path = Path(path)
        if path.suffix == ".svg":
            drawing = svg.draw(self.figure, self.alt, ink="#1a1a1a")
            head, close, rest = drawing.partition(">")
            path.write_text(
                f'{head}{close}<rect width="100%" height="100%" fill="#fff"/>{rest}\n',
                encoding="utf-8",
            )
        elif path.suffix == ".png":
            with style.context():
                # The figure's own patch is hidden, so white is laid under the whole canvas.
                patch = self.figure.patch
                patch.set_visible(True)
                try:
                    self.figure.savefig(path, dpi=200, facecolor="white", metadata={"Software": ""})
                finally:
                    patch.set_visible(False)
        else:
            raise ValueError(f"{path.name}: a picture is saved as .svg or .png.")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.alt, "text/html": self.html()}


@dataclass(frozen=True)
class Row:
    """Pictures side by side; on a narrow screen they stand one below the other."""

    pictures: tuple
    caption: str = ""

    @property
    def alt(self):
        """The alternative texts of all pictures, in order."""
        return " ".join(picture.alt for picture in self.pictures)

    def html(self, inner=False):
        """Return one ``<figure>`` element with the pictures as figures in it."""
        cells = "".join(
            f'<div style="flex:1 1 19rem;min-width:0">{picture.html(inner=True)}</div>'
            for picture in self.pictures
        )
        flow = "display:flex;flex-wrap:wrap;gap:0 1rem;justify-content:center;align-items:center"
        body = f'<div style="{flow}">{cells}</div>{captioned(self.caption)}'
        margin = ' style="margin:0"' if inner else ""
        return f'<figure class="d3c-picture d3c-row"{margin}>{body}</figure>'

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.alt, "text/html": self.html()}


def row(*pictures, caption=""):
    """Put pictures side by side on a wide screen, and below each other on a phone.

    Raises
    ------
    ValueError
        If there are none.
    """
    if not pictures:
        raise ValueError("row needs at least one picture: row(first, second).")
    return Row(pictures, caption)


def captioned(text):
    """Return a caption as HTML, or nothing where there is none."""
    return f"<figcaption>{html.escape(text)}</figcaption>" if text else ""
