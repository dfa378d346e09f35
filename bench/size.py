"""`python -m bench.size`: how large the product is, and how its pieces are cut. Reads only files."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("bot", "handlers", "scheduler")  # without the sandbox
MOST_LINES = 53_000
AIM_LINES = 36_500
MOST_ROOMS, MOST_LOOSE_FILES = 12, 6


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its lines, its comments, the lengths of its functions, who has a docstring."""

    path: Path
    lines: int
    comments: int
    functions: tuple[int, ...]
    public: int
    documented: int

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read one Python file. Raises SyntaxError for what is none."""
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        definitions = [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        public = [
            node
            for node in (tree, *ast.walk(tree))
            if isinstance(node, ast.Module)
            or (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
            )
        ]
        return cls(
            path=path,
            lines=text.count("\n"),
            comments=sum(
                token.type == tokenize.COMMENT
                for token in tokenize.generate_tokens(io.StringIO(text).readline)
            ),
            functions=tuple((node.end_lineno or node.lineno) - node.lineno + 1 for node in definitions),
            public=len(public),
            documented=sum(ast.get_docstring(node) is not None for node in public),
        )


def sources(*packages: str) -> list[Source]:
    """Return the Python files of *packages* of this project."""
    return [Source.read(path) for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def rooms() -> list[str]:
    """Return the folders at the root of `bot/` that hold code or data."""
    return sorted(
        folder.name for folder in (ROOT / "bot").iterdir() if folder.is_dir() and folder.name[0] not in "._"
    )


def loose_files() -> list[str]:
    """Return the Python files at the root of `bot/`."""
    return sorted(path.name for path in (ROOT / "bot").glob("*.py"))


def report() -> list[str]:
    """Return the figures, a line each."""
    product = sources(*PRODUCT)
    lines = [source.lines for source in product]
    functions = sorted(length for source in product for length in source.functions)
    largest = max(product, key=lambda source: source.lines)
    total, comments = sum(lines), sum(source.comments for source in product)
    public, documented = sum(s.public for s in product), sum(s.documented for s in product)
    sandbox, tests = (sum(source.lines for source in sources(package)) for package in ("sandbox", "tests"))
    return [
        (
            f"product     {len(product)} files, {total:,} lines (aim {AIM_LINES:,}); "
            f"sandbox {sandbox:,}, tests {tests:,}"
        ),
        (
            f"bot/        {len(rooms())} rooms (at most {MOST_ROOMS}), "
            f"{len(loose_files())} loose files (at most {MOST_LOOSE_FILES}): {', '.join(loose_files())}"
        ),
        (
            f"file        median {statistics.median(lines):.0f} lines, "
            f"largest {largest.lines}: {largest.path.relative_to(ROOT)}"
        ),
        (
            f"function    median {statistics.median(functions):.0f} lines, "
            f"p90 {functions[int(len(functions) * 0.9)]}, longest {functions[-1]}"
        ),
        f"comments    {100 * comments / total:.1f} in 100 lines",
        f"docstrings  {100 * documented / public:.0f} % of {public} public definitions",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
