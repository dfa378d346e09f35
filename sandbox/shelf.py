"""Uploaded files (90253), and the display of a message with one on a phone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sandbox.bodies import Body
from sandbox.errors import ApiError

_LIVES_S = 3 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One uploaded file; *real_at* in epoch seconds."""

    kind: str
    filename: str
    body: bytes
    real_at: float


@dataclass(slots=True)
class Shelf:
    """Uploaded files by media_id. Not thread-safe: the caller holds the world's lock."""

    files: dict[str, Media] = field(default_factory=dict)

    def put(self, media: Media) -> str:
        """Store a file and return its media_id."""
        media_id = f"SIMmedia_{media.kind}_{len(self.files) + 1:04d}"
        self.files[media_id] = media
        return media_id

    def get(self, media_id: str, *, kind: str, now: float) -> Media:
        """Return a file. Raises ApiError 40007 for an unknown or expired one, or one of another kind."""
        media = self.files.get(media_id)
        if media is None or media.kind != kind or now - media.real_at > _LIVES_S:
            raise ApiError(40007)
        return media


def shown(body: Body, shelf: Shelf, *, now: float) -> Body:
    """Return a file message as on a phone: by name and size. Raises ApiError 40007."""
    if body.msgtype != "file":
        return body
    media = shelf.get(body.content, kind="file", now=now)
    return replace(body, content=f"[文件] {media.filename} ({len(media.body)} B)")
