"""One module has the names of all answers, and loads what is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pegboard import responses

LATE = ("EventSourceResponse", "FileResponse", "ServerSentEvent", "StreamingResponse")


def test_every_public_name_is_there_and_shown() -> None:
    assert [name for name in responses.__all__ if not hasattr(responses, name)] == []
    assert set(responses.__all__) <= set(dir(responses))


def test_what_is_never_asked_for_is_never_loaded() -> None:
    code = (
        "import sys, pegboard.responses as r\n"
        "late = ['event_streams', 'file_responses', 'streaming_responses']\n"
        "assert not [name for name in late if 'pegboard.' + name in sys.modules]\n"
        "assert r.FileResponse is r.FileResponse\n"
        "assert 'pegboard.file_responses' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", LATE)
def test_a_name_that_is_loaded_late_is_kept(name: str) -> None:
    assert getattr(responses, name) is vars(responses)[name]


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'FilesResponse'"):
        responses.FilesResponse  # noqa: B018
