"""The description of the API is true: what it declares is what a running archive answers, and every route is in it."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from archive.app import make_app
from archive.rights import Right
from archive.server.openapi import describe
from archive.server.routes import ROUTES
from tests.conftest import ArchiveServer
from tests.pictures import bmp, gif, jpeg, png
from tests.server.serving import PATIENCE_S, config_of

PAGES = {
    "/",
    "/cameras",
    "/cameras/{id}",
    "/doctor",
    "/desk",
    "/sign-in",
    "/{path}",
}  # files for a browser, which no program asks for
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 30  # of each operation

# Bodies: pictures, broken ones, and anything.
BODIES = st.one_of(
    st.sampled_from([jpeg(), jpeg(seed=1), png(), gif(), bmp(), jpeg()[:-200], b"", b"text"]), st.binary(max_size=200)
)
for media_type in ("image/jpeg", "image/png", "image/gif", "image/bmp"):
    schemathesis.openapi.media_type(media_type, BODIES)

described = schemathesis.openapi.from_dict(describe())
# A stream has no end to wait for; `test_events.py` listens to it.
operations = described.exclude(path="/api/events")


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    """An archive with open uploads and a few frames."""
    server = ArchiveServer(tmp_path_factory.mktemp("described") / "archive", "--open-uploads")
    server.start()
    for number in range(5):
        headers = {
            "Content-Type": "image/jpeg",
            "Camera-Status": 'id="garden", rssi=-61',
            "Camera-Frame": f"number={number}",
        }
        asked = urllib.request.Request(f"{server.url}/api/frames", jpeg(seed=number), headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            assert answer.status == 201
    yield server
    assert server.stop() == 0


@operations.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_was_declared(case: schemathesis.Case[Any], server: ArchiveServer) -> None:
    """Whatever is sent: no 5xx, no status, type or shape that the description does not have."""
    if "wait_s" in case.query:
        case.query["wait_s"] = "0"

    response = case.call(base_url=server.url, timeout=PATIENCE_S)

    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/photos/{path}", {}, 200),
        ("/photos/{path}", {"Range": "bytes=0-9"}, 206),
        ("/photos/{path}", {"Range": "bytes=999999999-"}, 416),
        ("/photos/{path}", {"If-None-Match": "*"}, 304),
        ("/photos/{path}", {"If-Match": '"another"'}, 412),
        ("/thumbnails/320/{path}", {}, 200),
        ("/thumbnails/320/{path}", {"If-None-Match": "*"}, 304),
        ("/api/frames/{id}", {}, 200),
    ],
)
def test_answers_about_a_picture_that_is_there_are_declared_too(
    server: ArchiveServer, path: str, headers: dict[str, str], status: int
) -> None:
    """What chance never asks for: a frame that exists, in every way a browser may ask for it."""
    with urllib.request.urlopen(f"{server.url}/api/frames?limit=1", timeout=PATIENCE_S) as answer:
        [frame] = json.load(answer)["frames"]
    values = {"path": frame["url"].removeprefix("/photos/"), "id": frame["id"]}
    asked = {name: value for name, value in values.items() if f"{{{name}}}" in path}
    url = server.url + path.format(**values)

    response = requests.get(url, headers=headers, timeout=PATIENCE_S)

    assert response.status_code == status
    case = described[path]["GET"].Case(path_parameters=asked, headers=headers)
    case.validate_response(response, checks=CHECKS)


def test_every_route_is_described_and_nothing_else() -> None:
    """The router and the description name the same methods and paths; pages stand on a list of their own."""
    routed = {
        (route.method.lower(), route.resource.canonical)
        for route in make_app(config_of(Path("unused"))).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    told = {(method, path) for path, item in describe()["paths"].items() for method in item if method != "parameters"}

    assert {path for method, path in routed - told if method == "get"} == PAGES | {"/api/openapi.json", "/metrics"}
    assert {method for method, _ in routed - told} == {"get"}
    assert told - routed == set()


def test_every_operation_says_what_it_needs() -> None:
    """S8: sending needs a key, and what only the owner may do says so, as the table of routes has it."""
    described_paths = describe()["paths"]

    for need, method, path, _ in ROUTES:
        operation = described_paths.get(re.sub(r":[^}]*}", "}", path), {}).get(method.lower())
        if operation is not None:
            assert ("the owner only" in operation["summary"]) == (need.right is Right.RUN), path
            has_key = need.right is None and path != "/upload.php"  # which knows its cameras by their addresses
            assert operation.get("security") == ([{"camera": []}] if has_key else None), path
            assert {"401", "403", "421"} <= operation["responses"].keys()


def test_every_operation_and_answer_has_its_sentence() -> None:
    """Nothing in the description is left unsaid: operations, parameters, answers."""
    for path, item in describe()["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert all(answer["description"] for answer in operation["responses"].values())
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or parameter["description"], (method, path, parameter["name"])


def test_the_archive_serves_its_description(server: ArchiveServer) -> None:
    """At /api/openapi.json stands what these tests have read."""
    with urllib.request.urlopen(f"{server.url}/api/openapi.json", timeout=PATIENCE_S) as answer:
        served: dict[str, Any] = json.load(answer)

    assert served == describe()
