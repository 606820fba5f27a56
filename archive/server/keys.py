"""What handlers find on the application and on a request: the one place of these names."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from archive.config import Config
from archive.events import Events
from archive.index import Index
from archive.intake import Intake
from archive.metrics import Metrics
from archive.rights import Visitor
from archive.server.assets import Assets
from archive.server.auth import Gate
from archive.server.budget import Budget
from archive.server.door import Door
from archive.server.limits import Limit
from archive.server.needs import Need
from archive.server.passwords import Passwords
from archive.server.printed import Printed
from archive.server.senders import Address
from archive.server.visitors import Visitors
from archive.server.waiting import Waiting
from archive.store import Store
from archive.thumbs import Slits, Thumbs

CONFIG = web.AppKey("config", Config)
STORE = web.AppKey("store", Store)
INDEX = web.AppKey("index", Index)
THUMBS = web.AppKey("thumbs", Thumbs)
SLITS = web.AppKey("slits", Slits)
INTAKE = web.AppKey("intake", Intake)
EVENTS = web.AppKey("events", Events)
GATE = web.AppKey("gate", Gate)
BUDGET = web.AppKey("budget", Budget)
DOOR = web.AppKey("door", Door)
PRINTED = web.AppKey("printed", Printed)
LEGACY = web.AppKey("legacy", dict[Address, str])
METRICS = web.AppKey("metrics", Metrics)
ASSETS = web.AppKey("assets", Assets)
VISITORS = web.AppKey("visitors", Visitors)
WAITING = web.AppKey("waiting", Waiting)
PASSWORDS = web.AppKey("passwords", Passwords)
TRIES = web.AppKey("tries", Limit)  # to sign in
BARE: web.AppKey[set[bytes]] = web.AppKey("bare")  # digests of originals that carry nothing but their picture
UNDERWAY: web.AppKey[set[asyncio.Task[Any]]] = web.AppKey("underway")  # changes that are being made
NEEDS: web.AppKey[Mapping[Callable[[web.Request], Awaitable[Any]], Need]] = web.AppKey("needs")

VISITOR = web.RequestKey("visitor", Visitor)  # who asks, as the guard found
