"""The picture of a group's leaderboard: a PNG that people read on a phone without zooming.

It is 1080 pixels wide. A phone shows it at about a third: 36 pixels are 12 points. The caller gives the
texts; this module only fits their length. It alone uses Pillow and the font's package, and loads them when it
draws, because most commands draw nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

_WIDTH, _MARGIN = 1080, 56
_INNER = _WIDTH - 2 * _MARGIN
_INK, _SOFT, _LINE, _TRACK = "#1f2a37", "#5b6675", "#dfe4ea", "#eef1f5"
_BAR, _ENOUGH, _TICK = "#2f6fd6", "#1f8f4e", "#1f2a37"
_TITLE, _HEAD, _BIG, _TEXT, _SMALL = 54, 44, 66, 38, 32
_SHADES = 14  # of each ink on white, for smooth letters; Pillow merges colours that are closer
_MISSING = "〓"  # the printers' sign for a character without a type
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Bar:
    """One line with a bar of *percent* of the full length; *mark*: the place of a tick, if any."""

    label: str
    value: str
    percent: int
    enough: bool = False
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it is."""

    number: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the picture without its empty elements; *more_bars* counts the bars that are not drawn."""

    title: str
    figures: tuple[Figure, ...]
    bars: tuple[Bar, ...]
    heading: str
    places: tuple[Bar, ...]
    notes: tuple[str, ...]
    more_bars: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """All texts and lengths of a picture; *more_sections* counts the sections that are not drawn."""

    title: str
    headline: str
    subtitle: str
    sections: tuple[Section, ...]
    footer: str
    more_sections: str = ""

    @property
    def alternative(self) -> str:
        """The title and headline, for places without pictures."""
        return " · ".join(part for part in (self.title, self.headline) if part)

    def to_json(self) -> str:
        """Return the picture as text for `from_json`."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Picture:
        """Return the picture that `to_json` wrote. Older rows may lack *more_bars* and *more_sections*."""
        fields = json.loads(text)
        sections = tuple(
            Section(
                **{
                    **section,
                    "figures": tuple(Figure(**figure) for figure in section["figures"]),
                    "bars": tuple(Bar(**bar) for bar in section["bars"]),
                    "places": tuple(Bar(**bar) for bar in section["places"]),
                    "notes": tuple(section["notes"]),
                }
            )
            for section in fields["sections"]
        )
        return cls(**{**fields, "sections": sections})


def draw(picture: Picture) -> bytes:
    """Return *picture* as a PNG with a fixed palette, which has a third of the bytes."""
    from PIL import Image, ImageDraw

    height = _Canvas(None).paint(picture)
    image = Image.new("RGB", (_WIDTH, height), "white")
    _Canvas(ImageDraw.Draw(image)).paint(picture)
    data = BytesIO()
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(data, "PNG")
    return data.getvalue()


@cache
def _palette() -> Image.Image:
    """Return an image with all colours in its palette: inks in shades up to white, and flat colours."""
    from PIL import Image, ImageColor

    shades = [
        round(part + (255 - part) * n / _SHADES)
        for ink in (_INK, _SOFT)
        for n in range(_SHADES + 1)
        for part in ImageColor.getrgb(ink)
    ]
    flat = [part for colour in (_LINE, _TRACK, _BAR, _ENOUGH) for part in ImageColor.getrgb(colour)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(shades + flat)
    return palette


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont
    from pylopdf_fonts_zh_cn import sans_path

    return ImageFont.truetype(str(sans_path()), size)


@cache
def _is_drawn(character: str) -> bool:
    """Return whether the font has *character*; else it would be an empty box."""
    font = _font(_SMALL)
    return character.isspace() or bytes(font.getmask(character)) != bytes(font.getmask("\U0010ffff"))


def _legible(text: str) -> str:
    return "".join(character if _is_drawn(character) else _MISSING for character in text)


def _fitted(text: str, *, size: int, width: float) -> str:
    """Return *text* cut with … to at most *width* pixels."""
    font, text = _font(size), _legible(text)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + _ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS


def _wrapped(text: str, *, size: int, width: float) -> list[str]:
    """Return *text* in lines of at most *width* pixels, broken at blanks where possible."""
    font, rest, lines = _font(size), _legible(text), list[str]()
    while font.getlength(rest) > width:
        end = len(rest)
        while font.getlength(rest[:end]) > width:
            end -= 1
        blank = rest.rfind(" ", 1, end + 1)
        end = blank if blank > end // 2 else end
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*lines, rest]


class _Canvas:
    """A canvas painted from top to bottom; without a *draw* it only measures."""

    def __init__(self, draw: ImageDraw.ImageDraw | None) -> None:
        self._draw = draw
        self._y = _MARGIN

    def paint(self, picture: Picture) -> int:
        """Paint everything and return the height in pixels."""
        self._line_of(picture.title, size=_TITLE, bold=True)
        for line in _wrapped(picture.headline, size=_HEAD, width=_INNER) if picture.headline else ():
            self._line_of(line, size=_HEAD)
        self._line_of(picture.subtitle, size=_SMALL, colour=_SOFT)
        for section in picture.sections:
            self._section(section)
        self._rule()
        if picture.more_sections:
            self._line_of(picture.more_sections, size=_TEXT)
        for line in _wrapped(picture.footer, size=_SMALL, width=_INNER):
            self._line_of(line, size=_SMALL, colour=_SOFT)
        return self._y + _MARGIN - 12

    def _section(self, section: Section) -> None:
        self._rule()
        if section.title:
            self._line_of(section.title, size=_TEXT, bold=True)
        self._figures(section.figures)
        for bar in section.bars:
            self._bar(bar)
        if section.more_bars:
            self._line_of(section.more_bars, size=_SMALL, colour=_SOFT)
        if section.heading and section.places:
            self._y += 20
            self._line_of(section.heading, size=_TEXT, bold=True)
        for bar in section.places:
            self._bar(bar)
        for note in section.notes:
            for line in _wrapped(note, size=_TEXT, width=_INNER):
                self._line_of(line, size=_TEXT)

    def _figures(self, figures: tuple[Figure, ...]) -> None:
        if not figures:
            return
        step = _INNER // len(figures)
        captions = [_wrapped(one.caption, size=_SMALL, width=step - 24) for one in figures]
        for number, figure in enumerate(figures):
            left = _MARGIN + number * step
            self._text(left, figure.number, size=_BIG, bold=True)
            for place, line in enumerate(captions[number]):
                self._text(left, line, size=_SMALL, colour=_SOFT, down=round(_BIG * 1.3) + place * 42)
        self._y += round(_BIG * 1.3) + 42 * max(map(len, captions)) + 20

    def _bar(self, bar: Bar) -> None:
        value = _legible(bar.value)
        room = _INNER - _font(_TEXT).getlength(value) - 32
        self._text(_MARGIN, _fitted(bar.label, size=_TEXT, width=room), size=_TEXT)
        self._text(_MARGIN + _INNER - _font(_TEXT).getlength(value), value, size=_TEXT, bold=bar.enough)
        self._y += 56
        if self._draw is not None:
            end = _MARGIN + _INNER * min(bar.percent, 100) // 100
            self._draw.rounded_rectangle((_MARGIN, self._y, _MARGIN + _INNER, self._y + 18), 9, fill=_TRACK)
            if end > _MARGIN + 18:
                colour = _ENOUGH if bar.enough else _BAR
                self._draw.rounded_rectangle((_MARGIN, self._y, end, self._y + 18), 9, fill=colour)
            if bar.mark is not None:
                at = _MARGIN + _INNER * min(bar.mark, 100) // 100
                self._draw.rectangle((at - 2, self._y - 6, at + 1, self._y + 24), fill=_TICK)
        self._y += 44

    def _rule(self) -> None:
        self._y += 16
        if self._draw is not None:
            self._draw.line((_MARGIN, self._y, _MARGIN + _INNER, self._y), fill=_LINE, width=3)
        self._y += 28

    def _line_of(self, text: str, *, size: int, colour: str = _INK, bold: bool = False) -> None:
        self._text(_MARGIN, _fitted(text, size=size, width=_INNER), size=size, colour=colour, bold=bold)
        self._y += round(size * 1.55)

    def _text(
        self, x: float, text: str, *, size: int, colour: str = _INK, bold: bool = False, down: int = 0
    ) -> None:
        if self._draw is not None:
            # The font has one weight; a thin stroke around the letters is its bold.
            stroke = 0.6 if bold else 0
            self._draw.text((x, self._y + down), text, fill=colour, font=_font(size), stroke_width=stroke)
