"""What a thumbnail costs, beside bare libjpeg-turbo."""

import subprocess
import time

from archive.thumbs.worker import render
from tests.bench.bench import Bench, median
from tests.bench.programs import BUILD
from tests.bench.report import Row

MAX_PIXELS = 20_000_000


def thumbnails(bench: Bench) -> list[Row]:
    """CPU per thumbnail ÷ the same scale and quality in C, at both sizes."""
    return [_beside_c(bench, kind) for kind in ("60 KB", "200 KB")]


def _beside_c(bench: Bench, kind: str) -> Row:
    photo, repetitions = bench.photos(kind)[0], bench.amount(500)
    data = photo.read_bytes()

    def in_c() -> float:
        ran = subprocess.run([BUILD / "thumb", photo, str(repetitions)], capture_output=True, check=True)
        return float(ran.stdout)

    def ours() -> float:
        render(data, "image/jpeg", MAX_PIXELS)
        began = time.thread_time()
        for _ in range(repetitions):
            render(data, "image/jpeg", MAX_PIXELS)
        return (time.thread_time() - began) * 1000 / repetitions

    seen = bench.alternate({"bare libjpeg-turbo": in_c, "ours": ours})
    return Row(
        what=f"CPU per thumbnail: {kind}",
        ours=median(seen["ours"]),
        baseline=median(seen["bare libjpeg-turbo"]),
        unit="ms",
        at_most=1.15,
        note="The worker's `render`, which also measures the picture, ÷ decode and encode in C.",
    )
