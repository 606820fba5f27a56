"""What the page costs its reader, in Chromium: bytes, elements, long tasks, memory, and how soon a frame is seen."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Error, Page, sync_playwright

from archive.config import machine_timezone
from tests.bench.bench import Bench, median
from tests.bench.probe import Camera, Probe
from tests.bench.programs import MeasureError, Server, archive, load
from tests.bench.report import Row
from tests.browser.chromium import ARGUMENTS, MISSING, chromium
from tests.browser.filling import fill
from tests.browser.weighing import BEFORE_PICTURES

FRAMES = 100_000
SPARE = 1.1  # `fill` is given a number and keeps to about that
SCROLLED = 10_000
EVENTS = 10_000
EVENTS_PER_S = 200
FEW_EVENTS = 100
PAINTED = 50
TIMEOUT_MS = 60_000
PATIENCE_MS = 20_000

# Scrolls on until so many *frames* have gone by, *screens* at each of the browser's frames, not before there are rows
# to the screen's end. Whoever lands on bare paper is led to where it would be; a reader who *waits* steps back at once
# until the rows have come, and passes over none. What was seen: frames, the most elements, and tasks over 50 ms.
SCROLL = """async ({ frames, screens, waits, patience_ms }) => {
  let longTasks = 0;
  const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
  observer.observe({ type: "longtask" });
  const scroll = (share) => scrollBy({ top: innerHeight * share, behavior: "instant" });
  const all = document.getElementsByTagName("*");
  const newest = Number(document.querySelector(".days .no").dataset.id);
  let elements = 0;
  let passed = 0;
  let passedAt = performance.now();
  while (passed < frames && performance.now() - passedAt < patience_ms) {
    await new Promise(requestAnimationFrame);
    elements = Math.max(elements, all.length);
    const last = [...document.querySelectorAll(".days .no")].at(-1);
    if (last && newest - last.dataset.id >= passed) {
      passed = newest - last.dataset.id + 1; // ids are in the order of time here
      passedAt = performance.now();
    }
    if (last && last.getBoundingClientRect().bottom >= innerHeight) scroll(screens);
    else if (!last && waits) {
      scroll(-screens);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  await new Promise((done) => setTimeout(done, 100)); // the observer hears of a task after its end
  longTasks += observer.takeRecords().length;
  return { frames: passed, elements, longTasks };
}"""

# `painted()` waits for the picture of the next frame at the top: the moment of the second animation frame after it is
# here, the first before which it has been painted.
WATCH = """() => {
  const moments = [], asked = [];
  const known = new WeakSet(document.querySelectorAll(".days img"));
  const tell = () => { while (moments.length && asked.length) asked.shift()(moments.shift()); };
  const watch = async (image) => {
    if (!image.complete || !image.naturalWidth)
      await new Promise((done) => image.addEventListener("load", done, { once: true }));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    moments.push(performance.timeOrigin + performance.now());
    tell();
  };
  new MutationObserver(() => {
    const image = document.querySelector(".days img");
    if (!image || known.has(image)) return;
    known.add(image);
    watch(image);
  }).observe(document.querySelector(".days"), { childList: true, subtree: true });
  window.painted = () => new Promise((done) => (asked.push(done), tell()));
}"""
TOTAL = "() => Number(document.querySelector('.masthead .total').textContent.replace(/\\D/g, ''))"
ELEMENTS = "() => document.getElementsByTagName('*').length"


def page(bench: Bench) -> list[Row]:
    """The page of an archive of 100,000 frames, as its reader has it."""
    photo = bench.photos("8 KB")[0]
    try:
        with archive(_filled(bench)) as ours, _browser() as browser:
            ours.settle()
            return [
                *_weight(bench, ours, browser),
                _elements(bench, ours, browser),
                _long_tasks(bench, ours, browser),
                _heap(bench, ours, browser, photo),
                _painted(bench, ours, browser, photo),
            ]
    except Error as error:
        raise MeasureError(f"Chromium: {error.message}") from error


def _filled(bench: Bench) -> Path:
    folder = bench.folder("ours") / "archive"
    with archive(folder):
        pass  # which makes the index
    newest = datetime.now(ZoneInfo(machine_timezone())) - timedelta(hours=1)
    fill(folder, round(bench.amount(FRAMES) * SPARE), newest)
    return folder


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        raise MeasureError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def _opened(browser: Browser, server: Server, density: str = "list") -> Iterator[Page]:
    """The page with a profile of its own, live, its reader at the top."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(f"localStorage.setItem('density', '{density}')")
    opened = context.new_page()
    opened.goto("/")
    opened.wait_for_function("() => document.querySelector('.masthead .state').textContent.includes('live')")
    opened.wait_for_function("() => document.querySelector('.days .count')?.textContent")  # the last that is asked for
    server.settle()
    yield opened
    context.close()


def _weight(bench: Bench, server: Server, browser: Browser) -> list[Row]:
    def weigh() -> list[tuple[str, int]]:
        with _opened(browser, server) as opened:
            came: list[tuple[str, int]] = opened.evaluate(BEFORE_PICTURES)
            return came

    seen = bench.alternate({"until the first pictures": weigh})["until the first pictures"]
    return [
        Row(
            what="the page: until the first thumbnails show, without pictures",
            ours=median(sum(size for _, size in came) for came in seen) / 1000,
            unit="KB",
            per_baseline=False,
            at_most=40,
            note="Over the wire, with the heads of the answers; Brotli, as browsers take it from the same machine.",
        ),
        Row(
            what="the page: requests until then",
            ours=median(len(came) for came in seen),
            unit="requests",
            per_baseline=False,
            at_most=12,
        ),
    ]


def _scroll(opened: Page, frames: int, *, screens: float, waits: bool) -> dict[str, int]:
    how = {"frames": frames, "screens": screens, "waits": waits, "patience_ms": PATIENCE_MS}
    seen: dict[str, int] = opened.evaluate(SCROLL, how)
    if seen["frames"] < frames:
        raise MeasureError(f"the page went no further than {seen['frames']:,} of {frames:,} frames")
    return seen


def _elements(bench: Bench, server: Server, browser: Browser) -> Row:
    frames = bench.amount(FRAMES)
    with _opened(browser, server, "sheet") as opened:
        at_start = int(opened.evaluate(ELEMENTS))
        seen = _scroll(opened, frames, screens=10, waits=False)
    return Row(
        what=f"the page: DOM nodes, {frames:,} frames scrolled through ÷ at start",
        ours=seen["elements"],
        baseline=at_start,
        unit="elements",
        at_most=1.5,
        note="The most there were on the way, through the contact sheet, ten screens at a time, each looked at "
        "once its rows are here.",
    )


def _long_tasks(bench: Bench, server: Server, browser: Browser) -> Row:
    frames = bench.amount(SCROLLED)

    def scroll() -> int:
        with _opened(browser, server) as opened:
            return _scroll(opened, frames, screens=0.5, waits=True)["longTasks"]

    name = f"scrolling {frames:,} frames"
    seen = bench.alternate({name: scroll})[name]
    return Row(
        what=f"the page: long tasks while scrolling {frames:,} frames",
        ours=max(seen),
        unit="tasks",
        per_baseline=False,
        at_most=0,
        note="Over 50 ms, after load, in the worst round; the list, half a screen at each of the browser's frames, "
        "with pictures. The browser draws without a graphics card, on the server's cores.",
    )


def _heap(bench: Bench, server: Server, browser: Browser, photo: Path) -> Row:
    events = bench.amount(EVENTS)
    with _opened(browser, server) as opened:
        streams: list[str] = []
        opened.on("request", lambda request: streams.append(request.url) if "/api/events" in request.url else None)
        begun = int(opened.evaluate(TOTAL))
        few = _heap_bytes(opened, server, photo, FEW_EVENTS, begun)
        many = _heap_bytes(opened, server, photo, events - FEW_EVENTS, begun + FEW_EVENTS)
        if streams:
            raise MeasureError("the page lost its event stream, and has not heard of every frame by an event")
    return Row(
        what=f"the page: heap after {events:,} events ÷ after {FEW_EVENTS}",
        ours=many / 1e6,
        baseline=few / 1e6,
        unit="MB",
        at_most=1.3,
        note=f"JavaScript's, rubbish collected, when all were heard of over one stream, at {EVENTS_PER_S} frames/s.",
    )


def _heap_bytes(opened: Page, server: Server, photo: Path, events: int, before: int) -> int:
    """Send so many frames: the heap once the page has heard of all."""
    load(server, connections=8, requests=events, photos=[photo], rate=EVENTS_PER_S)
    opened.wait_for_function(f"(total) => ({TOTAL})() >= total", arg=before + events)
    server.settle()
    session = opened.context.new_cdp_session(opened)
    session.send("HeapProfiler.collectGarbage")
    return int(session.send("Runtime.getHeapUsage")["usedSize"])


def _painted(bench: Bench, server: Server, browser: Browser, photo: Path) -> Row:
    frames = bench.amount(PAINTED)
    with _opened(browser, server) as opened, Probe(server, photo.read_bytes()) as probe:
        camera = Camera(server, photo.read_bytes(), path="/api/frames")
        opened.evaluate(WATCH)

        def painted_ms() -> float:
            _, sent_at = camera.send()
            sent_ms = (time.time() - time.monotonic() + sent_at) * 1000  # by the clock that the page knows
            camera.read_answer()
            return float(opened.evaluate("() => painted()")) - sent_ms

        def event_ms() -> float:
            seen = probe.event_ms()
            opened.evaluate("() => painted()")
            return seen

        def both() -> tuple[float, float]:
            pairs = []
            for _ in range(frames):
                time.sleep(0.1)  # idle, as where the event alone is measured
                ours = painted_ms()
                time.sleep(0.1)
                pairs.append((ours, event_ms()))
            return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)

        both()
        seen = bench.alternate({"painted and told in turn": both})["painted and told in turn"]
        camera.close()
    return Row(
        what="the page: POST's last byte → thumbnail painted, idle p50 ÷ → event at a bare client",
        ours=median(pair[0] for pair in seen),
        baseline=median(pair[1] for pair in seen),
        unit="ms",
        at_most=4,
        note="Painted: the second animation frame after the picture is here, of which a screen has 60 a second.",
    )
