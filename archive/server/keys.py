"""What handlers find on the application and on a request: the one place of these names."""

from aiohttp import web

from archive.config import Config
from archive.events import Events
from archive.index import Index
from archive.intake import Intake
from archive.metrics import Metrics
from archive.server.assets import Assets
from archive.server.auth import Gate
from archive.server.budget import Budget
from archive.server.door import Door
from archive.server.printed import Printed
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
METRICS = web.AppKey("metrics", Metrics)
ASSETS = web.AppKey("assets", Assets)
