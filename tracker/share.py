"""The picture that a shared link shows: PNG, since few sites show SVG.

Drawn with a font of our own, so that it looks the same on every machine. The font
has no Chinese: a picture is titled in English, and what cannot be drawn is left out.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from math import cos, radians, sin

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from commitments.statuses import Status
from tracker.charts import HOLLOW
from tracker.pictures import COLOURS, INK, LINE, PAPER, QUIET, TINT

WIDTH, HEIGHT, MARGIN = 1200, 630, 70
# Shapes are drawn so many times larger and then reduced: Pillow leaves edges jagged.
FINER = 4
Draw = ImageDraw.ImageDraw
Place = tuple[float, float]


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "Caladea-Bold.ttf" if bold else "Caladea-Regular.ttf"
    return ImageFont.truetype(str(settings.BASE_DIR / "tracker/fonts" / name), size)


@cache
def _is_drawn(character: str) -> bool:
    """Whether the font has a shape of its own for a character."""
    face = font(40)
    missing = face.getmask("\U0010fffd")
    mask = face.getmask(character)
    return character.isspace() or (mask.size, bytes(mask)) != (
        missing.size,
        bytes(missing),
    )


def drawable(text: str) -> str:
    """Return ``text`` without what the font has no shape for."""
    whole = unicodedata.normalize("NFC", text)
    return " ".join("".join(c for c in whole if _is_drawn(c)).split())


def wrap(text: str, *, size: int, width: int, most: int) -> list[str]:
    """Return ``text`` in lines that fit ``width``; the last of ``most`` may be cut."""
    face = font(size, bold=True)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(_cut(word, face, width))
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(f"{lines[most - 1]}…", face, width)]
    return lines


def _cut(text: str, face: ImageFont.FreeTypeFont, width: int) -> str:
    while face.getlength(text) > width:
        text = f"{text.rstrip('… ')[:-1]}…"
    return text


def commitment(*, ref: str, title: str, status: str, word: str, day: str) -> bytes:
    """Return the picture of one commitment as PNG.

    ``word`` says where it stands, ``status`` gives the shape ("" for none), ``day``
    says of which day this is.
    """
    colour = COLOURS[Status(status)] if status else QUIET
    picture, draw = _sheet(colour)
    draw.text((MARGIN, 62), f"Commitment {ref}", QUIET, font(30))
    shown = drawable(title)
    size = 68 if len(shown) < 60 else 56
    lines = wrap(shown, size=size, width=WIDTH - 2 * MARGIN, most=4)
    for i, line in enumerate(lines):
        at = (MARGIN, 126 + i * size * 1.16)
        draw.text(at, line, INK, font(size, bold=True))
    picture.paste(*_icon(status, 56, colour, at=(MARGIN, 452)))
    draw.text((MARGIN + 76, 480), word, INK, font(46, bold=True), anchor="lm")
    return _finished(picture, draw, day)


def whole(*, headline: str, counts: Mapping[str, int], day: str) -> bytes:
    """Return the picture of all commitments: the finding, and how many stand where."""
    picture, draw = _sheet(INK)
    lines = wrap(drawable(headline), size=60, width=WIDTH - 2 * MARGIN, most=4)
    for i, line in enumerate(lines):
        draw.text((MARGIN, 66 + i * 70), line, INK, font(60, bold=True))
    present = [(s, counts[s]) for s in Status if counts.get(s)]
    _bar(draw, present, top=368, height=44)
    x, y = MARGIN, 434
    for status, count in present:
        words = f"{status.label} {count}"
        room = 46 + font(26).getlength(words)
        if x + room > WIDTH - MARGIN:
            x, y = MARGIN, y + 40
        picture.paste(*_icon(status, 26, COLOURS[status], at=(x, y)))
        draw.text((x + 34, y + 13), words, INK, font(26), anchor="lm")
        x += int(room) + 14
    return _finished(picture, draw, day)


def _sheet(colour: str) -> tuple[Image.Image, Draw]:
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH, 13), colour)
    return picture, draw


def _finished(picture: Image.Image, draw: Draw, day: str) -> bytes:
    draw.rectangle((MARGIN, 534, WIDTH - MARGIN, 535), LINE)
    draw.text((MARGIN, 576), settings.SITE_NAME, INK, font(30, bold=True), anchor="lm")
    draw.text((WIDTH - MARGIN, 576), day, QUIET, font(28), anchor="rm")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _bar(
    draw: Draw, present: list[tuple[Status, int]], *, top: int, height: int
) -> None:
    """Draw the counts as one bar; what has not moved stays hollow."""
    total, x = sum(n for _, n in present), float(MARGIN)
    for status, count in present:
        width = count / total * (WIDTH - 2 * MARGIN)
        hollow = status in HOLLOW
        box = (x, top, x + width - 3, top + height)
        draw.rectangle(box, TINT if hollow else COLOURS[status], COLOURS[status], 2)
        x += width


def _icon(
    status: str, size: int, colour: str, *, at: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int]]:
    """Return the shape of a status, as on the pages, and where it belongs."""
    scale = size * FINER / 16
    drawn = Image.new("RGB", (size * FINER, size * FINER), PAPER)
    pen = Pen(ImageDraw.Draw(drawn), scale, colour)
    SHAPES.get(status, _none)(pen)
    return drawn.resize((size, size), Image.Resampling.LANCZOS), at


class Pen:
    """Draws on the grid of the icons: 16 units each way."""

    def __init__(self, draw: Draw, scale: float, colour: str) -> None:
        self.draw, self.scale, self.colour = draw, scale, colour

    def _box(self, radius: float) -> tuple[float, float, float, float]:
        low, high = (8 - radius) * self.scale, (8 + radius) * self.scale
        return low, low, high, high

    def ring(self) -> None:
        width = round(1.6 * self.scale)
        self.draw.ellipse(self._box(7.3), outline=self.colour, width=width)

    def disc(self) -> None:
        self.draw.ellipse(self._box(7.3), self.colour)

    def slice(self, degrees: int) -> None:
        """Fill the ring clockwise, from the top."""
        self.draw.pieslice(self._box(4.8), -90, degrees - 90, self.colour)

    def dashes(self, count: int) -> None:
        width = round(1.6 * self.scale)
        for i in range(count):
            start = i * 360 / count
            end = start + 220 / count
            self.draw.arc(self._box(7.3), start, end, self.colour, width)

    def area(self, *points: Place, colour: str = "") -> None:
        placed = [(x * self.scale, y * self.scale) for x, y in points]
        self.draw.polygon(placed, colour or self.colour)

    def path(self, *points: Place, colour: str = PAPER, width: float = 1.8) -> None:
        placed = [(x * self.scale, y * self.scale) for x, y in points]
        self.draw.line(placed, colour, round(width * self.scale), joint="curve")

    def square(self) -> None:
        low, high = self.scale, 15 * self.scale
        self.draw.rounded_rectangle(
            (low, low, high, high), 2.2 * self.scale, self.colour
        )


def _sliced(degrees: int) -> Callable[[Pen], None]:
    def shape(pen: Pen) -> None:
        pen.ring()
        if degrees:
            pen.slice(degrees)

    return shape


def _delivered(pen: Pen) -> None:
    pen.disc()
    pen.path((4.2, 7.8), (7.1, 10.6), (12, 5.4))


def _abandoned(pen: Pen) -> None:
    pen.square()
    pen.path((4.8, 4.8), (11.2, 11.2))
    pen.path((11.2, 4.8), (4.8, 11.2))


def _reversed(pen: Pen) -> None:
    pen.area((8, 0), (16, 8), (8, 16), (0, 8))
    pen.path((4.6, 8), (11.8, 8), width=2.2)
    pen.area((3.6, 8), (7.6, 4.3), (7.6, 11.7), colour=PAPER)


def _not_assessable(pen: Pen) -> None:
    pen.dashes(11)
    bend = [
        (8 + 2.1 * cos(radians(a)), 6.3 + 2.1 * sin(radians(a)))
        for a in range(180, 430, 10)
    ]
    pen.path(*bend, (8, 9.6), colour=pen.colour, width=1.5)
    pen.area((7.1, 10.7), (8.9, 10.7), (8.9, 12.4), (7.1, 12.4))


def _none(pen: Pen) -> None:
    pen.dashes(11)
    pen.path((5, 8), (11, 8), colour=pen.colour, width=1.5)


SHAPES: dict[str, Callable[[Pen], None]] = {
    Status.NO_EVIDENCE: _sliced(0),
    Status.ANNOUNCED: _sliced(90),
    Status.UNDER_WAY: _sliced(180),
    Status.PARTLY_DELIVERED: _sliced(270),
    Status.DELIVERED: _delivered,
    Status.ABANDONED: _abandoned,
    Status.REVERSED: _reversed,
    Status.NOT_ASSESSABLE: _not_assessable,
}
