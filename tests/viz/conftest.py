"""A real browser. Without Chromium its tests are skipped, unless LIFTGRAD_BROWSER=required, as it is in CI."""

import os
import shutil

import pytest

import viz

REQUIRED = os.environ.get("LIFTGRAD_BROWSER") == "required"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1200,800"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def browser():
    try:
        from selenium import webdriver
    except ImportError:
        webdriver = None
    driver_path = shutil.which("chromedriver")
    if not (webdriver and CHROMIUM and driver_path):
        if REQUIRED:
            pytest.fail("LIFTGRAD_BROWSER=required, but chromium, chromedriver or selenium is missing")
        pytest.skip("needs chromium, chromedriver and selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, tmp_path):
    def opened(root, *arguments):
        browser.get(viz.explore(root, tmp_path / "page.html", *arguments).as_uri())
        return browser

    yield opened
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


@pytest.fixture
def phone(page, browser):
    """A page on a screen of 390 by 800 that is touched."""
    screen = {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    yield page
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
