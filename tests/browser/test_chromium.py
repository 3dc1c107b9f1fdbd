"""Without a browser a sentence says what to do."""

import os
import shutil
import sys

import pytest

import chromium


def test_a_browser_that_is_named_is_the_only_one_tried(monkeypatch):
    monkeypatch.setenv("D3C_BROWSER", sys.executable)
    assert chromium.find_or_install() == sys.executable
    monkeypatch.setenv("D3C_BROWSER", "/no/such/browser")
    with pytest.raises(chromium.NoBrowser, match="give the path"):
        chromium.find_or_install()


def test_a_missing_browser_is_asked_for(monkeypatch, capsys):
    monkeypatch.delenv("D3C_BROWSER", raising=False)
    monkeypatch.delenv("D3C_SKIP_BROWSER", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(chromium, "APPLICATIONS", ())
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert chromium.main() == 1
    assert "install Chromium" in capsys.readouterr().err
    monkeypatch.setenv("D3C_SKIP_BROWSER", "1")
    assert chromium.main() == 0


def test_a_name_that_only_points_elsewhere_is_no_browser(tmp_path):
    stub = tmp_path / "chromium-browser"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    assert not chromium.works(str(stub))
    assert not chromium.works(str(tmp_path / "absent"))
