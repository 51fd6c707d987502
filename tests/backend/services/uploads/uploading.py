"""Uploads of a small table, and what lies on the disk."""

from __future__ import annotations

from uuid import UUID

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.services.uploads import store
from muscope.backend.services.uploads.writing import begin_piece

CSV = b"size,weight,kind\n" + b"".join(b"%d,%d,%c\n" % (i, i * 7 % 11, b"abc"[i % 3]) for i in range(60))
SIZE = len(CSV)
OTHER = "other"


def announced(context, size=SIZE, owner=LOCAL_OWNER) -> UUID:
    return store.open_upload(context, owner, "shop.csv", size).id


def add(context, upload_id, offset, block, owner=LOCAL_OWNER):
    piece = begin_piece(context, owner, upload_id, offset, announced=len(block))
    piece.take(block)
    piece.finish()


def uploaded(context, content=CSV, owner=LOCAL_OWNER) -> UUID:
    upload_id = announced(context, len(content), owner)
    add(context, upload_id, 0, content, owner)
    return upload_id


def upload_files(context):
    folder = context.settings.upload_folder
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def blobs(context):
    return sorted(path.parent.name + path.name for path in context.settings.blob_folder.glob("??/*"))
