"""What the README shows does what it says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pegboard_logging.fields import FIELDS
from pegboard_logging.formats import FORMATS
from pegboard_logging.settings import LoggingSettings

README = (Path(__file__).parent.parent / "README.md").read_text()
TABLE_CELLS = re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
NAMES = {name for cell in TABLE_CELLS for name in re.findall(r"`(\w+)`", cell)}

REQUEST = """
import asyncio
from pegboard.testclient import AsyncTestClient

async def hello(request):
    await checkout(request)
    logging.getLogger("shop").warning("in the endpoint")
    structlog.get_logger().info("structured")
    return "hello"

app.add_route("/hello", hello)

async def ask():
    async with AsyncTestClient(app) as client:
        await client.get("/hello", headers={"x-request-id": "mine"})

asyncio.run(ask())
"""


@pytest.mark.parametrize("name", [*FIELDS, *FORMATS, *LoggingSettings.__struct_fields__])
def test_every_field_format_and_setting_is_in_a_table(name: str) -> None:
    assert name in NAMES


@pytest.mark.slow
def test_the_examples_log_under_one_id() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*blocks, REQUEST])], capture_output=True, check=True, timeout=60
    )
    lines = done.stderr.decode().splitlines()
    assert "WARNING mine shop in the endpoint" in lines
    [record] = [json.loads(line) for line in lines if line.startswith("{")]
    assert (record["request_id"], record["user"], record["cart"]) == ("mine", "ada", 17)
    said = done.stdout.decode()
    assert '{"event": "structured", "request_id": "mine"' in said
    assert '"name": "GET /hello"' in said
