"""The server talks to this machine only, tells nobody, and both themes are complete."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit import config


@pytest.fixture(scope="module")
def chosen(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def names(section: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_is_one_that_streamlit_knows(chosen: dict[str, Any]) -> None:
    # Streamlit only logs a setting that it does not know, and goes on without it.
    assert set(names(chosen)) - config.get_config_options().keys() == set()


def test_the_server_is_for_this_machine_and_sends_nothing(chosen: dict[str, Any]) -> None:
    assert chosen["server"] == {
        "address": "127.0.0.1",
        "allowedHosts": ["localhost", "127.0.0.1"],
        "enableCORS": True,
        "enableXsrfProtection": True,
        "enableStaticServing": False,
        "fileWatcherType": "none",
        "maxUploadSize": 25,
    }
    assert chosen["browser"]["gatherUsageStats"] is False


def test_visitors_see_no_traceback_and_no_developer_menu(chosen: dict[str, Any]) -> None:
    assert chosen["client"] == {"toolbarMode": "viewer", "showErrorDetails": "none", "showErrorLinks": False}


def test_the_dark_theme_names_every_colour_of_the_light_one(chosen: dict[str, Any]) -> None:
    assert chosen["theme"]["light"].keys() == chosen["theme"]["dark"].keys()


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["textColor", "grayTextColor", "blueTextColor", "linkColor", "greenTextColor",
                                 "redTextColor", "orangeTextColor"])
@pytest.mark.parametrize("paper", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read_in_both_themes(chosen: dict[str, Any], theme: str, ink: str, paper: str) -> None:
    # WCAG AA asks for 4.5 to 1 for text of normal size.
    colours = chosen["theme"][theme]
    assert contrast(colours[ink], colours[paper]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_white_label_of_a_primary_button_can_be_read(chosen: dict[str, Any], theme: str) -> None:
    assert contrast("#FFFFFF", chosen["theme"][theme]["primaryColor"]) >= 4.5
