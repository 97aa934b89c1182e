"""A headless Chromium, driven by the DevTools protocol over two pipes.

https://chromedevtools.github.io/devtools-protocol/ has the methods. Clicks and keys are
those of a mouse and a keyboard, not calls of a page's functions.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import threading

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATH = next(filter(None, map(shutil.which, PROGRAMS)), None)
LONGEST = 300.0  # seconds, after which a browser that hangs is ended
# Chromium's processes do not start as root otherwise, nor in containers.
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--remote-debugging-pipe", "--no-first-run"),
)


class Page:
    """One page; `open_page` makes it."""

    def __init__(self, commands, answers):
        self._commands, self._answers = commands, answers
        self._count = 0
        self._session = {}
        self.events = []

    def call(self, method, **parameters):
        """Calls a method of the protocol and returns its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        text = json.dumps({**message, **self._session}) + "\0"
        self._commands.write(text.encode())
        self._commands.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _read(self):
        found = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            found += byte
        return json.loads(found)

    def attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def show(self, path, *, width=1280, height=900, theme="light"):
        """Loads a file."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.set_theme(theme)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self._read())

    def set_theme(self, theme):
        """Prefers light or dark colors at once: those in between are no page's."""
        wishes = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def evaluate(self, expression):
        """The value of an expression in the page, or what its promise gives."""
        found = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def click(self, selector):
        """Clicks into the middle of the element, scrolled into view."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', inline: 'center'});"
            "const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                clickCount=1,
            )

    def type(self, text):
        """Types a text into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
            )

    def screenshot(self, path, *, whole=False):
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


@contextlib.contextmanager
def open_page(profile, longest=LONGEST):
    """A page of a Chromium that keeps its files in the directory `profile`."""
    read_commands, write_commands = os.pipe()
    read_answers, write_answers = os.pipe()

    # Chromium reads from the descriptor 3 and writes to 4.
    shell = f'exec 3<&{read_commands} 4>&{write_answers}; exec "$0" "$@"'
    process = subprocess.Popen(
        ["bash", "-c", shell, PATH, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(read_commands, write_answers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watchdog = threading.Timer(longest, process.kill)
    watchdog.start()
    os.close(read_commands)
    os.close(write_answers)
    with open(write_commands, "wb") as commands, open(read_answers, "rb") as answers:
        page = Page(commands, answers)
        try:
            page.attach()
            yield page
            page._session = {}
            page.call("Browser.close")
        finally:
            watchdog.cancel()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
