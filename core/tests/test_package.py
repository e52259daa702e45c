"""The package offers its names, and importing a module does not import everything."""

import importlib
import subprocess
import sys

import pytest

import pegboard


@pytest.mark.parametrize("name", pegboard.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(pegboard, name).__module__.startswith(("pegboard.", "pluggy."))


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'pegboard' has no attribute 'Pegbord'"):
        _ = pegboard.Pegbord


def test_an_application_is_imported_without_the_machinery() -> None:
    code = "import sys, pegboard.applications; print([name for name in sys.modules if name in sys.argv[1:]])"
    later = ["pegboard.assembly", "pegboard.settings", "pegboard.stories.recovery", "importlib.metadata", "tomllib"]
    done = subprocess.run([sys.executable, "-c", code, *later], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PUBLIC = {
    "applications": "Pegboard",
    "requests": "Request HTTPConnection ClientDisconnect",
    "responses": "Response HTMLResponse PlainTextResponse JSONResponse RedirectResponse StreamingResponse FileResponse "
    "EventSourceResponse",
    "websockets": "WebSocket WebSocketDisconnect WebSocketDisconnected WebSocketState",
    "background": "BackgroundTask BackgroundTasks",
    "datastructures": "Address URL URLPath Headers MutableHeaders QueryParams MultiDict ImmutableMultiDict FormData "
    "UploadFile State Secret CommaSeparatedStrings",
    "endpoints": "HTTPEndpoint WebSocketEndpoint",
    "exceptions": "HTTPException WebSocketException",
    "concurrency": "run_in_threadpool iterate_in_threadpool",
    "convertors": "Convertor register_url_convertor",
    "formparsers": "MultiPartException",
    "staticfiles": "StaticFiles",
    "templating": "Jinja2Templates",
    "testclient": "TestClient AsyncTestClient WebSocketDenialResponse",
    "middleware": "Middleware",
    "config": "Config Environ",
    "status": "HTTP_200_OK WS_1000_NORMAL_CLOSURE",
    "types": "ASGIApp Message Receive Scope Send",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_the_toolkit_has_its_public_names(module: str) -> None:
    names = PUBLIC[module].split()
    found = importlib.import_module(f"pegboard.{module}")
    assert [name for name in names if not hasattr(found, name) or name not in dir(found)] == []
