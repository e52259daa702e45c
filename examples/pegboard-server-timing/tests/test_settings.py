"""What makes no sense is refused before anything is served."""

from typing import Any

import pytest
from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError

from pegboard_server_timing import ServerTiming, ServerTimingSettings


def test_nobody_is_shown_anything_by_default_but_developers() -> None:
    assert ServerTimingSettings().show == "debug"


@pytest.mark.parametrize(
    ("given", "key"),
    [({"show": "sometimes"}, "show"), ({"limit": 0}, "limit"), ({"hooks": "yes"}, "hooks"), ({"shows": 1}, "shows")],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        Pegboard(plugins=[ServerTiming(**given)], config={}).freeze()
