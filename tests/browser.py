"""A real browser by W3C WebDriver: chromedriver, spoken to with plain HTTP requests."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request

from delivery import until
from harness import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference, by the specification
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"]


def available():
    return shutil.which("chromedriver") and shutil.which("chromium")


class Browser:
    """with Browser() as browser: …"""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        self.driver, self.session = None, None

    def __enter__(self):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], **quiet)
        try:
            until(self._is_ready, 30, what="chromedriver")
            options = {"binary": shutil.which("chromium"), "args": [*ARGUMENTS, f"--user-data-dir={self.folder}"]}
            wishes = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
            self.session = self.ask("POST", "/session", wishes)["sessionId"]
        except BaseException:
            self.driver.kill()
            self.driver.wait()
            raise
        return self

    def __exit__(self, *error):
        try:
            self.here("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)

    def _is_ready(self):
        try:
            return self.ask("GET", "/status")["ready"]
        except OSError:
            return False

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()[:500]}") from None

    def here(self, method, path, body=None):
        return self.ask(method, f"/session/{self.session}{path}", body)

    def visit(self, url):
        self.here("POST", "/url", {"url": url})

    @property
    def address(self):
        return self.here("GET", "/url")

    @property
    def text(self):
        return self.here("GET", f"/element/{self.find('body')}/text")

    def find(self, selector):
        return self.here("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, text):
        self.here("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def click(self, selector):
        self.here("POST", f"/element/{self.find(selector)}/click", {})
