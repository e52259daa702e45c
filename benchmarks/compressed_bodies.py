"""What the benchmarks of compression answer: JSON, HTML and what does not shrink, the same in every run."""

from __future__ import annotations

import json
import random

__all__ = ["BODIES", "STREAM", "STREAMED", "json_of"]

CHUNK, CHUNKS = 200, 1000


def words(source: random.Random, count: int) -> list[str]:
    """Words of any letters."""
    return ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 10))) for _ in range(count)]


def json_of(size: int) -> bytes:
    """JSON of ``size`` bytes, the same in every run."""
    source = random.Random(1)
    known = words(source, 2000)
    records: list[str] = []
    length = 0
    while length < size:
        record = {
            "id": source.randint(1, 10**9),
            "name": " ".join(source.choices(known, k=3)),
            "price": source.random() * 100,
            "tags": source.choices(known, k=4),
        }
        records.append(json.dumps(record))
        length += len(records[-1])
    return f"[{', '.join(records)}]".encode()[:size]


def html_of(size: int) -> bytes:
    """A table in HTML of ``size`` bytes, the same in every run."""
    source = random.Random(2)
    known = words(source, 800)
    rows: list[str] = []
    length = 0
    while length < size:
        name, price = " ".join(source.choices(known, k=3)), source.random() * 100
        link = f'<a href="/items/{source.randint(1, 9999)}">{name}</a>'
        rows.append(f'<tr class="row-{source.randint(1, 4)}"><td>{link}</td><td class="price">{price:.2f}</td></tr>\n')
        length += len(rows[-1])
    return "".join(rows).encode()[:size]


SIZES = {"1 KB": 1024, "10 KB": 10_240, "100 KB": 102_400}
BODIES = {
    "2 B": (b"hi", "text/plain"),
    "10 KB PNG": (random.Random(3).randbytes(10_240), "image/png"),
    **{f"{name} JSON": (json_of(size), "application/json") for name, size in SIZES.items()},
    **{f"{name} HTML": (html_of(size), "text/html") for name, size in SIZES.items()},
    "1 MB JSON": (json_of(1_000_000), "application/json"),
}
STREAMED = json_of(CHUNK * CHUNKS)
STREAM = [STREAMED[start : start + CHUNK] for start in range(0, len(STREAMED), CHUNK)]
