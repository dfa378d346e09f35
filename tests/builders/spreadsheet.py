"""Reads a spreadsheet back with nothing but the standard library."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class ReadSheet:
    """One sheet: *cells* by place ("B3") as (type, value); a number's type is "n", a text's "s"."""

    name: str
    cells: dict[str, tuple[str, str]]
    xml: str

    def row(self, number: int) -> list[str]:
        """The values of one row in the order of columns; empty cells are left out."""
        places = [place for place in self.cells if place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(number)]
        return [self.cells[place][1] for place in sorted(places, key=lambda place: (len(place), place))]


def read_back(data: bytes) -> list[ReadSheet]:
    """Every sheet of an xlsx file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        shared = _texts(archive)
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in book.iter(f"{_MAIN}sheet")]
        return [
            _sheet(name, archive.read(f"xl/worksheets/sheet{number}.xml").decode(), shared)
            for number, name in enumerate(names, start=1)
        ]


def formats(data: bytes) -> str:
    """The styles, as XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/styles.xml").decode()


def _texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
    return ["".join(text.text or "" for text in item.iter(f"{_MAIN}t")) for item in root]


def _sheet(name: str, xml: str, shared: list[str]) -> ReadSheet:
    assert re.search(r"<sheetData", xml)
    cells = {}
    for cell in ElementTree.fromstring(xml).iter(f"{_MAIN}c"):
        value = cell.find(f"{_MAIN}v")
        if value is None or value.text is None:
            continue
        kind = cell.attrib.get("t", "n")
        cells[cell.attrib["r"]] = (kind, shared[int(value.text)] if kind == "s" else value.text)
    return ReadSheet(name=name, cells=cells, xml=xml)
