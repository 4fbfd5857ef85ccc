"""Buttons, keys, wheel, mouse and fingers, on a screen and on a phone."""

import pytest
from browsing import ask, large, network, neuron, press, wait_for

from engine import Value


def test_keys_play_and_pause(page):
    from selenium.webdriver.common.keys import Keys

    driver = page(neuron())
    body = driver.find_element("tag name", "body")
    body.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert ask(driver, "page.state.at") == 1
    body.send_keys(Keys.END)
    assert ask(driver, "page.state.at === page.state.end")
    body.send_keys(Keys.HOME, " ")
    assert driver.find_element("id", "play").get_attribute("aria-label") == "Pause"
    body.send_keys(" ")
    assert driver.find_element("id", "play").get_attribute("aria-label") == "Play"


def test_a_box_that_the_keyboard_reaches_comes_into_view(page):
    from selenium.webdriver.common.keys import Keys

    driver = page(network())
    driver.execute_script("page.zoom(4, 0, 0)")
    last = driver.find_element("id", "theme")
    last.send_keys(Keys.TAB)
    seen = "(e => e.getAttribute('class').startsWith('node') && e.getBoundingClientRect())(document.activeElement)"
    for _ in range(10):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        place = ask(driver, f"({seen}).toJSON?.()")
        if place:
            scene = ask(driver, "document.getElementById('scene').getBoundingClientRect().toJSON()")
            assert scene["left"] <= place["left"] + place["width"] / 2 <= scene["right"]
            assert scene["top"] <= place["top"] + place["height"] / 2 <= scene["bottom"]
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert "its formula and history" in driver.find_element("id", "about").text


def test_a_constant_can_be_clicked(page):
    driver = page(Value(2.0, "x") * 3.0)
    driver.find_element("css selector", ".node.constant").click()
    assert driver.find_element("id", "about").text.startswith("3: its formula")


def test_controls_have_names_and_themes_change(page):
    driver = page(neuron())
    controls = driver.find_elements("css selector", "button, input, .node")
    assert all(control.get_attribute("aria-label") for control in controls)
    before = driver.find_element("tag name", "body").value_of_css_property("background-color")
    press(driver, "theme")
    assert driver.find_element("tag name", "body").value_of_css_property("background-color") != before


def test_wheel_and_buttons_zoom_about_where_they_point(page):
    driver = page(neuron())
    before = ask(driver, "({...page.state.view})")
    place = {"type": "mouseWheel", "x": 300, "y": 400, "deltaX": 0, "deltaY": -200}
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", place)
    wait_for(driver, f"page.state.view.k > {before['k'] * 1.2}")
    after = ask(driver, "({...page.state.view})")
    top = ask(driver, "document.getElementById('scene').getBoundingClientRect().top")
    for axis, held in (("x", 300), ("y", 400 - top)):
        assert (held - after[axis]) / after["k"] == pytest.approx((held - before[axis]) / before["k"], abs=0.1)
    press(driver, "out")
    assert ask(driver, "page.state.view.k") == pytest.approx(after["k"] * 0.8)
    press(driver, "in")
    assert ask(driver, "page.state.view.k") == pytest.approx(after["k"])
    press(driver, "fit")
    assert ask(driver, "page.state.view.k") == pytest.approx(before["k"], rel=1e-6)


def test_dragging_pans_and_chooses_nothing(page):
    from selenium.webdriver import ActionChains

    driver = page(neuron())
    before = ask(driver, "({...page.state.view})")
    node = driver.find_element("css selector", "[data-node='2']")
    ActionChains(driver).click_and_hold(node).move_by_offset(30, 20).move_by_offset(30, 20).release().perform()
    after = ask(driver, "({...page.state.view})")
    assert (after["x"] - before["x"], after["y"] - before["y"], after["k"]) == pytest.approx((60, 40, before["k"]))
    assert driver.find_element("id", "about").text == ""
    node.click()
    assert "formula and history" in driver.find_element("id", "about").text


def test_two_fingers_zoom(phone):
    driver = phone(neuron())
    before = ask(driver, "page.state.view.k")

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (190, 300))
    touch("touchStart", (190, 300), (190, 340))
    for gap in (60, 80, 100, 120):
        touch("touchMove", (190, 300), (190, 300 + gap))
    touch("touchEnd")
    wait_for(driver, f"Math.abs(page.state.view.k / {before} - 3) < .1")


@pytest.mark.parametrize("make", [neuron, network, large])
def test_a_phone_shows_text_large_enough_to_read_and_controls_large_enough_to_touch(phone, make):
    driver = phone(make())
    press(driver, "next", 2)
    assert ask(driver, "document.documentElement.scrollWidth") <= 390
    seen = ask(driver, """[...document.querySelectorAll(".node:not(.hidden) .title, aside p, aside h1, output")]
        .filter(e => e.textContent && e.getBoundingClientRect().width).map(e => parseFloat(getComputedStyle(e).fontSize)
            * (e.closest("svg") ? page.state.view.k : 1))""")  # fmt: skip
    assert min(seen) >= 12
    sizes = ask(driver, """[...document.querySelectorAll("button")].map(e => e.getBoundingClientRect())
        .filter(r => r.width).map(r => [r.width, r.height, r.left, r.right])""")  # fmt: skip
    assert len(sizes) >= 7
    assert all(w >= 44 and h >= 44 and left >= 0 and right <= 390 for w, h, left, right in sizes)
    scene = ask(driver, "document.getElementById('scene').getBoundingClientRect().toJSON()")
    lit = ask(driver, "document.querySelector('.node.lit').getBoundingClientRect().toJSON()")
    assert scene["height"] > 250
    assert lit["left"] >= 0
    assert lit["right"] <= 390
    assert scene["top"] <= lit["top"] < lit["bottom"] <= scene["bottom"]


def test_a_turned_phone_arranges_anew_and_its_bars_do_not(phone, browser):
    driver = phone(neuron())
    upright = "(t => t.y)(page.state.spots.get(6)) > (t => t.y)(page.state.spots.get(0)) + 100"
    assert ask(driver, upright)
    driver.execute_script("page.zoom(2)")
    before = ask(driver, "page.state.view.k")
    screen = {"width": 390, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wait_for(driver, "innerHeight === 740")
    assert ask(driver, "page.state.view.k") == before
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**screen, "width": 1100, "height": 390})
    wait_for(driver, f"!({upright})")
