"""The API described in OpenAPI 3.1, made from the types that encode the answers."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from archive import __version__
from archive.frame import Verdict
from archive.server import answers
from archive.server.answers import encode
from archive.server.problems import RULES
from archive.server.queries import ORDERS
from archive.settings import SETTINGS

_REF = "#/components/schemas/{name}"
_TYPES = (
    answers.FramesAnswer,
    answers.FrameAnswer,
    answers.FrameDetail,
    answers.CamerasAnswer,
    answers.DaysAnswer,
    answers.CameraHealthAnswer,
    answers.GapsAnswer,
    answers.ActivityAnswer,
    answers.ArchiveAnswer,
    answers.SoughtPictures,
    answers.FoundPictures,
    answers.ChangesAnswer,
    answers.PhotosAnswer,
    answers.HealthAnswer,
    answers.NewCamera,
    answers.NewKey,
    answers.Revoked,
    answers.SettingsAnswer,
    answers.SettingsChanged,
    answers.ShotAsked,
    answers.KeysAnswer,
    answers.Renewing,
    answers.JoiningAnswer,
    answers.Approval,
    answers.KeyAllowed,
    answers.KeyRefused,
    answers.SignIn,
    answers.Visit,
    answers.Invitation,
    answers.NewPassword,
    answers.PasswordSet,
    answers.SessionsAnswer,
    answers.NewShare,
    answers.SharesAnswer,
    answers.ShareMade,
    answers.Problem,
)
GUARD = (401, 403, 421)  # what may come before any handler is asked
_WHOLE = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_CAMERA = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,31}$"}
_SETTINGS = {
    "type": "object",
    "properties": {
        name: {
            "type": ["string", "integer", "boolean", "null"],
            "description": f"{setting.kind.allowed}: {setting.says}",
        }
        for name, setting in SETTINGS.items()
    },
    "additionalProperties": False,
}
_DAY = {"type": "string", "format": "date"}
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/bmp")


async def document(_: web.Request) -> web.Response:
    """The whole description."""
    return web.Response(body=_DOCUMENT, content_type="application/json")


def describe() -> dict[str, Any]:
    """The description as a value."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Camera archive",
            "version": __version__,
            "description": "Cameras POST frames; the archive keeps them for good and tells of each one at once.",
        },
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "camera": {"type": "http", "scheme": "bearer", "description": "a camera's key"},
                "session": {"type": "apiKey", "in": "cookie", "name": "archive-…", "description": "by /api/session"},
            },
        },
    }


def _paths() -> dict[str, Any]:
    return {**_frames_and_cameras(), **_entry()}


def _entry() -> dict[str, Any]:
    """Who is let in: signing in, sharing, cameras that ask to join."""
    key = _path("key", {"type": "string", "pattern": "^[0-9a-f]{8}$"})
    return {
        "/api/session": {
            "get": _get("Who this browser is, and what it may do", answers.Visit, errors=()),
            "post": {
                "summary": "Sign in, or show a share link: the answer sets a cookie",
                "requestBody": {"content": _json(answers.SignIn), "required": True},
                "responses": _responses(answers.Visit, (400, 408, 411, 413, 429, 503, 507)),
            },
            "delete": {"summary": "Sign out", "responses": _responses(answers.Visit, (503, 507))},
        },
        "/api/sessions": {
            "get": _get(
                "The browsers in which the owner is signed in (the owner only)", answers.SessionsAnswer, errors=(503,)
            ),
        },
        "/api/sessions/{id}": {
            "delete": {
                "summary": "Sign one browser out (the owner only)",
                "parameters": [_path("id", {"type": "string", "pattern": "^[0-9a-f]{16}$"})],
                "responses": {"204": {"description": "done"}, **_problems((404, 503, 507))},
            },
        },
        "/api/sign-in-links": {
            "post": {
                "summary": "A secret that signs one browser in, within a quarter of an hour (the owner only)",
                "responses": _responses(answers.Invitation, ()),
            },
        },
        "/api/password": {
            "put": {
                "summary": "Set the password, or take it away; other browsers must sign in again (the owner only)",
                "requestBody": {"content": _json(answers.NewPassword), "required": True},
                "responses": _responses(answers.PasswordSet, (400, 408, 411, 413, 503, 507)),
            },
        },
        "/api/shares": {
            "get": _get("Every share link, newest first (the owner only)", answers.SharesAnswer, errors=()),
            "post": {
                "summary": "Make a share link (the owner only)",
                "requestBody": {"content": _json(answers.NewShare), "required": True},
                "responses": _responses(answers.ShareMade, (400, 413, 503, 507)),
            },
        },
        "/api/shares/{no}": {
            "delete": {
                "summary": "End a share link (the owner only)",
                "parameters": [_path("no", {"type": "integer", "minimum": 1})],
                "responses": {"204": {"description": "done"}, **_problems((400, 404, 503, 507))},
            },
        },
        "/api/joining": {
            "get": _get("Cameras that ask to join (the owner only)", answers.JoiningAnswer, errors=(503,)),
        },
        "/api/joining/{key}": {
            "post": {
                "summary": "Let one of them in (the owner only)",
                "parameters": [key],
                "requestBody": {"content": _json(answers.Approval), "required": False},
                "responses": _responses(answers.KeyAllowed, (400, 404, 409, 413, 503, 507)),
            },
            "delete": {
                "summary": "Refuse one of them (the owner only)",
                "parameters": [key],
                "responses": _responses(answers.KeyRefused, (404,)),
            },
        },
        "/api/cameras/{id}/keys": {
            "get": _get(
                "The names of a camera's keys (the owner only)",
                answers.KeysAnswer,
                _path("id", _CAMERA),
                errors=(400, 503),
            ),
            "post": {
                "summary": "A second key for a camera, to change over to (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "responses": _responses(answers.NewKey, (400, 404, 409, 503, 507)),
            },
            "delete": {
                "summary": "Allow a camera's keys no more (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "responses": _responses(answers.Revoked, (400, 404, 503, 507)),
            },
        },
        "/api/cameras/{id}/renewal": {
            "post": {
                "summary": "Have a camera draw another key in the place of its own (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "responses": _responses(answers.Renewing, (400, 404, 409, 503, 507)),
            },
        },
        "/api/cameras/{id}/keys/{key}": {
            "delete": {
                "summary": "Allow one of its keys no more (the owner only)",
                "parameters": [_path("id", _CAMERA), key],
                "responses": _responses(answers.Revoked, (400, 404, 503, 507)),
            },
        },
    }


def _frames_and_cameras() -> dict[str, Any]:
    return {
        "/api/frames": {
            "get": _get(
                "A page of frames, newest first unless `order` says otherwise",
                answers.FramesAnswer,
                _query("camera", _CAMERA, "only this camera's"),
                _query("before", _TIME, "only frames taken before"),
                _query("after", _TIME, "only frames taken then or later"),
                _query(
                    "hour",
                    {"type": "string", "pattern": "^[0-9]{1,2}-[0-9]{1,2}$"},
                    "only frames taken from the first hour of the day up to the second, as 6-9 or over midnight 22-4",
                ),
                _query("verdict", {"type": "string"}, f"only frames of any of these, as a,b: {', '.join(Verdict)}"),
                _query(
                    "difference",
                    {"type": "number", "minimum": 0, "maximum": 1},
                    "only frames at least so different from their camera's frame before",
                ),
                _query("order", {"enum": list(ORDERS)}, "oldest: ascending from `after`, which it needs"),
                _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "how many at most"),
                _query("cursor", {"type": "string"}, "from `next`"),
                errors=(400, 503),
            ),
            "post": _upload("Keep a frame"),
            "put": _upload("Keep a frame, as POST does"),
        },
        "/api/reports": {
            "post": {
                "summary": "Note how a camera without a frame to send fares, and what it lost; no body",
                "security": [{"camera": []}],
                "parameters": [
                    _header("Camera-Report", "which report this is (RFC 9651 dictionary)", required=True),
                    *_told_by_cameras(),
                ],
                "responses": {
                    "200": _kept("noted: it survives a power cut", "Camera-Report"),
                    **_problems((400, 401, 403, 503, 507)),
                },
            },
        },
        "/api/frames/{id}": {
            "get": _get("One frame", answers.FrameDetail, _path("id", _WHOLE), errors=(400, 404, 503)),
        },
        "/api/cameras": {
            "get": _get("Every camera with its newest frame", answers.CamerasAnswer, errors=(503,)),
            "post": {
                "summary": "Make a camera and its key (the owner only)",
                "requestBody": {"content": _json(answers.NewCamera), "required": True},
                "responses": _responses(answers.NewKey, (400, 403, 409, 413, 503, 507)),
            },
        },
        "/api/cameras/{id}/gaps": {
            "get": _get(
                "Which of a camera's numbers have not arrived, newest gaps first",
                answers.GapsAnswer,
                _path("id", _CAMERA),
                _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "how many gaps at most"),
                _query("cursor", {"type": "string"}, "from `next`"),
                errors=(400, 404, 503),
            ),
        },
        "/api/cameras/{id}/health": {
            "get": _get(
                "What a camera said of itself with single frames, spread evenly over a span",
                answers.CameraHealthAnswer,
                _path("id", _CAMERA),
                _query("after", _TIME, "from then on; a day before the end without it"),
                _query("before", _TIME, "up to then; up to the camera's newest frame without it"),
                _query(
                    "points", {"type": "integer", "minimum": 1, "maximum": 1000}, "how many at most; 200 without it"
                ),
                errors=(400, 404, 503),
            ),
        },
        "/api/cameras/{id}/slits/{day}": {
            "get": {
                "summary": "A day of a camera in one picture of 1440 x 120: for each minute a thin column of its frame",
                "parameters": [_path("id", _CAMERA), _path("day", _DAY)],
                "responses": {
                    "200": _said("the strip, transparent where there is no frame", "image/webp"),
                    "304": {"description": "you have it"},
                    **_problems((400, 404, 503)),
                },
            },
        },
        "/api/cameras/{id}/settings": {
            "get": {
                "summary": "A camera's settings, and what it said of them (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "responses": _responses(answers.SettingsAnswer, (400, 403, 404, 503)),
            },
            "patch": {
                "summary": "Change a camera's settings; null takes one back (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "requestBody": {"content": {"application/json": {"schema": _SETTINGS}}, "required": True},
                "responses": _responses(answers.SettingsChanged, (400, 403, 404, 413, 503, 507)),
            },
        },
        "/api/cameras/{id}/shot": {
            "post": {
                "summary": "Ask a camera for one frame now (the owner only)",
                "parameters": [_path("id", _CAMERA)],
                "responses": _responses(answers.ShotAsked, (400, 403, 404, 503, 507)),
            },
        },
        "/api/check": {
            "post": {
                "summary": "Are all promises true? JSON lines of findings and progress (the owner only)",
                "parameters": [
                    _query("deep", {"type": "string"}, "1: hash every original"),
                    _query("repair", {"type": "string"}, "1: mend what can be mended"),
                ],
                "responses": {"200": _said("findings", "application/x-ndjson"), **_problems((403, 503))},
            },
        },
        "/api/known": {
            "post": {
                "summary": "Which of these pictures are kept? Asked before an import (the owner only)",
                "requestBody": {"content": _json(answers.SoughtPictures), "required": True},
                "responses": _responses(answers.FoundPictures, (400, 413, 503)),
            },
        },
        "/api/doctor": {
            "post": {
                "summary": "How does the archive fare? JSON lines of steps and findings (the owner only)",
                "responses": {"200": _said("steps and findings", "application/x-ndjson"), **_problems((403, 503))},
            },
        },
        "/api/days": {
            "get": _get(
                "How many frames each day holds",
                answers.DaysAnswer,
                _query("camera", _CAMERA, "only this camera's"),
                errors=(400, 503),
            ),
        },
        "/api/days/{day}": {
            "get": _get(
                "How many frames each quarter hour of a day holds",
                answers.ActivityAnswer,
                _path("day", _DAY),
                _query("camera", _CAMERA, "only this camera's"),
                errors=(400, 503),
            ),
        },
        "/api/archive": {"get": _get("The archive itself", answers.ArchiveAnswer, errors=())},
        "/api/events": {
            "get": {
                "summary": "Server-sent events from the log of changes; ids are `seq`",
                "parameters": [
                    _query("after", _WHOLE, "from here on"),
                    {"name": "Last-Event-ID", "in": "header", "schema": _WHOLE, "description": "from here on"},
                ],
                "responses": {"200": _said("a stream without end", "text/event-stream"), **_problems((400, 503))},
            },
        },
        "/api/changes": {
            "get": _get(
                "The log of changes, waiting for news up to `wait_s` seconds",
                answers.ChangesAnswer,
                _query("after", _WHOLE, "the last change you know"),
                _query("wait_s", {"type": "integer", "minimum": 0, "maximum": 3600}, "how long to wait, at most 55"),
                errors=(400, 503),
            ),
        },
        "/api/photos": {
            "get": _get(
                "The student project's list: every file, newest first",
                answers.PhotosAnswer,
                _query("limit", {"type": "integer", "minimum": 1}, "how many at most; all without"),
                _query("before", {"type": "string"}, "older than this filename"),
                errors=(400, 404, 503),
            ),
        },
        "/photos/{path}": {
            "get": {
                "summary": "An original, byte for byte as it was sent",
                "parameters": [
                    _path("path", {"type": "string", "minLength": 1}),
                    _query("download", {"type": "string"}, "1: under a name for the disk"),
                ],
                "responses": {
                    "200": _pictures("the original"),
                    "206": _pictures("a range of it"),
                    "304": {"description": "you have it"},
                    "412": {"description": "not the version you asked for"},
                    "416": {"description": "no such range"},
                    **_problems((404, 503)),
                },
            },
        },
        "/thumbnails/320/{path}": {
            "get": {
                "summary": "A small picture of a frame; a JPEG",
                "parameters": [_path("path", {"type": "string", "minLength": 1})],
                "responses": {
                    "200": _said("the thumbnail", "image/jpeg"),
                    "304": {"description": "you have it"},
                    **_problems((404, 503)),
                },
            },
        },
        "/upload.php": {
            "post": {
                "summary": "Keep a frame of a camera of the old kind, known by its address (if the owner named it)",
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"imageFile": {"type": "string", "format": "binary"}},
                            }
                        }
                    },
                },
                "responses": {
                    "200": _said("that it has been uploaded", "text/plain"),
                    **_problems((400, 403, 408, 411, 413, 415, 503, 507)),
                },
            },
        },
        "/healthz": {"get": _get("Whether the archive answers", answers.HealthAnswer, errors=(503,))},
    }


def _upload(summary: str) -> dict[str, Any]:
    body = {"schema": {"type": "string", "format": "binary"}}
    kept = _kept("kept: it survives a power cut", "Camera-Frame", "Location")
    return {
        "summary": summary,
        "security": [{"camera": []}],
        "parameters": [
            _header("Camera-Frame", "which frame this is, and when it was taken (RFC 9651 dictionary)"),
            *_told_by_cameras(),
            _header("Repr-Digest", "the body's SHA-256 (RFC 9530)"),
        ],
        "requestBody": {
            "required": True,
            "content": {
                **dict.fromkeys(_PICTURES, body),
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                },
            },
        },
        "responses": {
            "201": kept,
            "200": {**kept, "description": "it had been kept before"},
            **_problems((400, 408, 411, 413, 415, 422, 429, 503, 507)),
        },
    }


def _get(
    summary: str, kind: type[msgspec.Struct], *parameters: dict[str, Any], errors: tuple[int, ...]
) -> dict[str, Any]:
    return {"summary": summary, "parameters": list(parameters), "responses": _responses(kind, errors)}


def _kept(says: str, *names: str) -> dict[str, Any]:
    told = {"description": "which one this answers, and how; the time, and settings", "schema": {"type": "string"}}
    return {"description": says, "headers": dict.fromkeys((*names, "Camera-Clock", "Camera-Settings"), told)}


def _told_by_cameras() -> list[dict[str, Any]]:
    return [
        _header("Camera-Status", "how the camera fares"),
        _header("Camera-Lost", "numbers that will never come"),
    ]


def _header(name: str, says: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}, "description": says}


def _responses(kind: type[msgspec.Struct], errors: tuple[int, ...]) -> dict[str, Any]:
    return {"200": {"description": "here it is", "content": _json(kind)}, **_problems(errors)}


def _json(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}


def _problems(statuses: tuple[int, ...]) -> dict[str, Any]:
    titles = {rule.status: rule.title for rule in reversed(RULES.values())}
    shape = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {str(status): {"description": titles[status], "content": shape} for status in sorted({*statuses, *GUARD})}


def _said(says: str, media_type: str) -> dict[str, Any]:
    return {"description": says, "content": {media_type: {"schema": {"type": "string"}}}}


def _pictures(says: str) -> dict[str, Any]:
    return {"description": says, "content": {kind: {"schema": {"type": "string"}} for kind in _PICTURES}}


def _query(name: str, schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": says}


def _path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_DOCUMENT = encode(describe())
