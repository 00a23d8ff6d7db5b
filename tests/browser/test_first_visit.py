"""A first visit: the planner appears, on this machine alone, in both themes and on a phone."""

from __future__ import annotations

import http.client
from collections.abc import Callable

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(14, 17, 23)")])
def test_the_page_takes_the_visitors_colour_scheme(open_page: Callable[..., Page], scheme: str, paper: str) -> None:
    # #FFFFFF and #0E1117, the two papers of .streamlit/config.toml
    page = open_page(colour_scheme=scheme)
    colour = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert colour == paper


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(width=width)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_a_visitor_sees_no_developer_menu_and_no_deploy_button(page: Page) -> None:
    assert page.get_by_test_id("stAppDeployButton").count() == 0
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize(
    ("host", "origin", "is_let_in"),
    [
        ("own", "own", True),
        ("own", "http://elsewhere.example", False),  # a page of somebody else in the visitor's browser
        ("elsewhere.example", "http://elsewhere.example", False),  # the same, with its name pointed at 127.0.0.1
    ],
)
def test_only_the_planners_own_page_may_open_a_session(app_url: str, host: str, origin: str, is_let_in: bool) -> None:
    own = app_url.removeprefix("http://")
    connection = http.client.HTTPConnection(own, timeout=10)
    headers = {
        "Host": host.replace("own", own),
        "Origin": origin.replace("own", app_url),
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "streamlit",
    }
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    assert (status == 101) is is_let_in
