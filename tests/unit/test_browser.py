"""A heavy cell says so in a browser, and is silent elsewhere."""

import logging
import sys

from tqdm import tqdm

from d3c_minimal import browser


def test_heavy_is_silent_on_a_desktop(capsys):
    browser.heavy(30, "RUNS = 100")
    assert capsys.readouterr().out == ""


def test_heavy_tells_time_and_remedy_in_a_browser(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "emscripten")
    browser.heavy(30.4, "RUNS = 100")
    browser.heavy(5)
    told, short = capsys.readouterr().out.splitlines()
    assert "about 30 s" in told
    assert "RUNS = 100" in told
    assert short == "This cell takes about 5 s in the browser."


def test_settle_silences_fonts_and_bars(monkeypatch):
    fonts = logging.getLogger("matplotlib.font_manager")
    monkeypatch.setattr(fonts, "level", fonts.level)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    browser.settle()
    assert tqdm.monitor_interval == 0
    assert not fonts.isEnabledFor(logging.WARNING)
