"""A person at a browser, as far as the bench needs one: signs in and connects a Microsoft account at the emulator."""

import html
import http.cookiejar
import re
import urllib.parse
import urllib.request

PASSWORD = "emulator"
MOST_PAGES = 8


def connect(port, emulator, who):
    """Signs in at the service of a port and connects the account; gives the connection's id."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    for start in ("/api/oauth/microsoft/start", "/api/oauth/microsoft/start?connect=true"):
        landed = _through(browser, emulator, f"http://localhost:{port}{start}", who)
    found = urllib.parse.parse_qs(urllib.parse.urlsplit(landed).query).get("connection")
    if not found:
        raise SystemExit(f"the account was not connected: the browser ended at {landed}")
    return found[0]


def _through(browser, emulator, address, who):
    """Fills in the emulator's forms and follows the pages; gives the address at the end."""
    page = browser.open(address, timeout=10)
    for _ in range(MOST_PAGES):
        text = page.read().decode()
        inputs = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text))
        onward = re.search(r'http-equiv="refresh" content="0; ?url=([^"]*)"', text)
        if "step" in inputs:
            answers = {"account": {"username": who}, "password": {"password": PASSWORD}, "consent": {"consent": "accept"}}
            form = {name: html.unescape(value) for name, value in inputs.items()} | answers[inputs["step"]]
            body = urllib.parse.urlencode(form).encode()
            page = browser.open(f"http://localhost:{emulator}/emulator/sign-in", body, timeout=10)
        elif onward:
            page = browser.open(urllib.parse.urljoin(page.url, html.unescape(onward.group(1))), timeout=10)
        else:
            return page.url
    raise SystemExit(f"{address} leads nowhere")
