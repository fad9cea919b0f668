"""Ground for tests in a real browser: Chromium, driven by Playwright.

Every page is watched: an error on the console, an uncaught exception or a request
to another host fails the test.
"""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A busy machine takes its time.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser():
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("No Chromium is on the PATH: apt-get install chromium")
    # Playwright keeps an event loop in this thread; the tests stay synchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Watch:
    """Collects what a page must not do."""

    def __init__(self, host):
        self.host = host
        self.wrong = []
        self.paused = False

    def over(self, page):
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        page.on("request", self.request)

    def console(self, message):
        # A refused form is answered with 4xx on purpose.
        expected = self.paused or "status of 4" in message.text
        if message.type == "error" and not expected:
            self.wrong.append(f"console: {message.text}")

    def request(self, request):
        if not request.url.startswith((self.host, "data:", "about:", "blob:")):
            self.wrong.append(f"third party: {request.url}")


@pytest.fixture
def open_page(browser, live_server):
    """Open a page of its own session: ``open_page(user=None, **options)``."""
    watch = Watch(live_server.url)
    contexts = []

    def opened(user=None, viewport=DESKTOP, **options):
        context = browser.new_context(
            base_url=live_server.url, viewport=viewport, **options
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
            )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watch.over(page)
        page.watch = watch
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch.wrong == []


# Colours alone differ between light and dark: all else is looked at once a width.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
RUN = """([within, options]) => axe.run(within || document, options).then(
  told => told.violations.map(({id, help, nodes}) => ({
    id, help, nodes: nodes.slice(0, 4).map(node => node.target)})))"""


@pytest.fixture(scope="session")
def violations():
    """Return what axe finds wrong with a page: ``violations(page, within=None)``.

    With ``only_colours`` it looks at nothing else.
    """
    script = Axe().axe_script

    def found(page, within=None, *, only_colours=False):
        options = {"resultTypes": ["violations"], **(COLOURS if only_colours else {})}
        # axe tries styles that the page's policy refuses, as it should.
        page.watch.paused = True
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(script)
        told = page.evaluate(RUN, [within, options])
        page.watch.paused = False
        return [f"{page.url} {v['id']}: {v['help']}: {v['nodes']}" for v in told]

    return found


# The first is the least that WCAG 2.2 asks for (1.4.10): a phone, or text at 400 %.
WIDTHS = (320, 768, 1280)
STICKING_OUT = """() => [...document.querySelectorAll("main *")]
  .filter(e => !e.closest(".scroll-x, .code") && e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 4).map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)"""


@pytest.fixture(scope="session")
def everywhere(violations):
    """Return what is wrong with a page at each width, light and dark.

    By axe, and by a scroll bar to the side. The page is not loaded anew: what
    differs is styles alone, and between light and dark only colours.
    """

    def found(page):
        wrong = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                out = page.evaluate(STICKING_OUT)
                wrong.append(f"{page.url} is {over} px too wide for {width}: {out}")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                told = violations(page, only_colours=scheme == "dark")
                wrong += [f"{width} px, {scheme}: {line}" for line in told]
        return wrong

    return found
