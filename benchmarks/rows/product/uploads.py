"""Two hundred uploads at once: all are read, each that waits knows its place, and pages stay quick."""

from __future__ import annotations

import base64
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from benchmarks.report import RowResult
from benchmarks.stack import Stack, running

GOAL_UPLOADS, NUM_ROWS, GOAL_PAGE = 200, 300, 1.0
_LOOK_SECONDS, _PATIENT_SECONDS = 0.5, 900.0
_LOOKS_WITHOUT_PLACE = 3
_TUS = {"Tus-Resumable": "1.0.0"}


def uploads_200() -> RowResult:
    """Send two hundred tables, or UPLOADS of the environment, and have all read; look at pages meanwhile."""
    wanted = int(os.environ.get("UPLOADS") or GOAL_UPLOADS)
    with TemporaryDirectory(prefix="muscope-uploads-") as folder, running(Path(folder) / "data") as stack:
        stop, began = threading.Event(), time.monotonic()
        with ThreadPoolExecutor(wanted + 1) as pool:
            looks = pool.submit(_looks, stack, stop)
            try:
                statuses = list(pool.map(lambda index: _upload(stack.url, index), range(wanted)))
            finally:
                stop.set()
        waits, silent = looks.result()
        seconds, stored = time.monotonic() - began, stack.get("/datasets?limit=1")["total"]
    page = float(np.percentile(waits, 95))
    table = [["stored", "answers", "page p95, s", "longest, s", "waiting without a place"]]
    answers = ", ".join(f"{statuses.count(each)} × {each}" for each in sorted(set(statuses)))
    table.append([f"{stored}", answers, f"{page:.2f}", f"{max(waits):.2f}", f"{silent}"])
    is_met = stored == wanted >= GOAL_UPLOADS and page <= GOAL_PAGE and silent == 0
    notes = [f"{seconds:.0f} s in all. A page is its HTML, the list of datasets and that of uploads."]
    return RowResult(
        f"{stored}_of_{wanted},{page:.2f}s,{silent}",
        f"{GOAL_UPLOADS}_of_{GOAL_UPLOADS},1s,0",
        is_met,
        table,
        notes,
    )


def _upload(url: str, index: int) -> int:
    """Send one table, no two of them equal, and have it read; return the last status."""
    values = np.random.default_rng(index).normal(size=(NUM_ROWS, 3))
    rows = (f"{a:.6f},{b:.6f},{a - b + 0.1 * c:.6f}" for a, b, c in values)
    content = "\n".join(["size,age,price", *rows]).encode()
    name = base64.b64encode(f"prices {index}.csv".encode()).decode()
    with httpx.Client(base_url=f"{url}/api/v1", timeout=_PATIENT_SECONDS) as client:
        headers = _TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"}
        made = client.post("/uploads", headers=headers).raise_for_status()
        piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        upload = made.headers["Location"].rpartition("/")[2]
        client.patch(f"/uploads/{upload}", content=content, headers=_TUS | piece).raise_for_status()
        return client.post("/datasets", params={"upload": upload, "name": f"prices {index}"}).status_code


def _looks(stack: Stack, stop: threading.Event) -> tuple[list[float], int]:
    """Return the seconds of each look at the page's lists, and how many files waited without a place.

    A file is asked to be read as soon as it has arrived, so it counts after three looks without one.
    """
    waits: list[float] = []
    silent: dict[str, int] = {}
    while not stop.wait(_LOOK_SECONDS):
        began = time.monotonic()
        httpx.get(f"{stack.url}/data", timeout=60).raise_for_status()
        stack.get("/datasets?limit=50")
        found = stack.get("/uploads")
        waits.append(time.monotonic() - began)
        for each in found:
            is_silent = each["state"] == "received" and each["position"] is None
            if silent.get(each["id"], 0) < _LOOKS_WITHOUT_PLACE:
                silent[each["id"]] = silent.get(each["id"], 0) + 1 if is_silent else 0
    return waits, sum(looks >= _LOOKS_WITHOUT_PLACE for looks in silent.values())
