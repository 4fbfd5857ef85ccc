"""The page, in a real browser: the engine's numbers at every step, no complaint on the console, and no waiting.

Without Chromium these tests are skipped, unless LIFTGRAD_BROWSER=required, as it is in CI.
"""

import os
import shutil

import pytest

import engine
import nn
import viz
from engine import Value
from viz.explore import page_data, sweep
from viz.style import in_order

REQUIRED = os.environ.get("LIFTGRAD_BROWSER") == "required"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1200,800"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def neuron():
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    z = w * x + b
    z.label = "z"
    return engine.tanh(z) * x


def network():
    X, T = nn.xor()
    return nn.mean_loss(nn.MLP(2, [4, 1], activation="tanh"), X[1:2], T[1:2], "mse")


@pytest.fixture(scope="module")
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
    def opened(root):
        browser.get(viz.explore(root, tmp_path / "page.html").as_uri())
        return browser

    yield opened
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def press(driver, name, times=1):
    for _ in range(times):
        driver.find_element("id", name).click()


def ask(driver, what):
    return driver.execute_script(f"return {what}")


@pytest.mark.parametrize("make", [neuron, network])
def test_the_last_step_shows_the_engines_gradients_bit_for_bit(page, make):
    root = make()
    driver = page(root)
    press(driver, "last")
    root.backward()
    leaves = [(i, v) for i, v in enumerate(in_order(root)) if not v.parents and not engine.value.is_constant(v)]
    grads = ask(driver, "computation.grads")
    assert [grads[i] for i, _ in leaves] == [v.grad for _, v in leaves]
    for i, v in leaves:
        shown = driver.find_element("css selector", f'[data-node="{i}"]').text
        assert float(shown.split("grad")[1]) == pytest.approx(v.grad, rel=1e-3)


def test_each_step_shows_the_engines_numbers(page):
    root = neuron()
    nodes = in_order(root)
    driver = page(root)
    for node in [v for v in nodes if v.parents]:
        press(driver, "next")
        assert ask(driver, f"computation.nodes[{nodes.index(node)}].data") == node.data
        assert driver.find_element("css selector", ".node.lit").get_attribute("data-node") == str(nodes.index(node))
    press(driver, "next")
    grads = [0.0] * len(nodes)
    grads[-1] = 1.0
    for step in sweep(nodes):
        press(driver, "next")
        for parent, g in zip(nodes[step["node"]].parents, step["sent"]):
            grads[nodes.index(parent)] += g
        assert ask(driver, "computation.grads") == grads


def test_products_are_written_out_and_gradients_accumulate(page):
    driver = page(neuron())
    press(driver, "next", 6)
    now = driver.find_element("id", "now").text
    assert "dL/dx += dL/dv6 · dv6/dx = 1 × (-0.4621) = -0.4621" in now
    driver.find_element("css selector", '[data-node="1"]').click()
    press(driver, "last")
    history = driver.find_element("id", "about").text
    assert history.count("dL/dx +=") == 2


def test_stepping_back_undoes_exactly(page):
    driver = page(network())
    press(driver, "next", 20)
    before = ask(driver, "[computation.grads.slice(), computation.known.slice()]")
    press(driver, "next", 4)
    press(driver, "back", 4)
    assert ask(driver, "[computation.grads, computation.known]") == before
    press(driver, "last")
    press(driver, "first")
    assert not any(ask(driver, "computation.grads"))


def test_keys_play_and_pause(page):
    from selenium.webdriver.common.keys import Keys

    driver = page(neuron())
    body = driver.find_element("tag name", "body")
    body.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert ask(driver, "computation.at") == 1
    body.send_keys(Keys.END)
    assert ask(driver, "computation.at === computation.last")
    body.send_keys(Keys.HOME, " ")
    assert driver.find_element("id", "play").get_attribute("aria-label") == "Pause"
    body.send_keys(" ")
    assert driver.find_element("id", "play").get_attribute("aria-label") == "Play"


def test_layers_fold_and_unfold(page):
    driver = page(network())
    hidden = "document.querySelectorAll('.node.hidden').length"
    press(driver, "fold")
    assert ask(driver, hidden) > 15
    press(driver, "fold")
    assert ask(driver, hidden) == 0


def test_controls_have_names_and_themes_change(page):
    driver = page(neuron())
    controls = driver.find_elements("css selector", "button, input, .node")
    assert all(control.get_attribute("aria-label") for control in controls)
    before = driver.find_element("tag name", "body").value_of_css_property("background-color")
    press(driver, "theme")
    assert driver.find_element("tag name", "body").value_of_css_property("background-color") != before


def test_two_thousand_nodes_step_in_under_a_tenth_of_a_second(page):
    xs = [Value(0.01 * i, f"x[{i}]") for i in range(500)]
    root = engine.total([engine.tanh(x * x + x) for x in xs])
    assert engine.graph.count(root) >= 2000
    driver = page(root)
    times = ask(driver, """[...Array(60)].map((_, k) => { const t = performance.now();
        computation.go(1490 + k); document.body.getBoundingClientRect(); document.querySelector("#world").getBBox();
        return performance.now() - t; }).sort((a, b) => a - b)""")  # fmt: skip
    assert times[30] < 100


def test_labels_cannot_end_the_script(page):
    driver = page(Value(1.0, "</script><script>throw 1</script>") * Value(float("nan"), "<!--"))
    assert ask(driver, "computation.nodes[0].name").startswith("</script>")


def test_the_sweep_leaves_the_graph_alone():
    root = neuron()
    page_data(root)
    assert [v.grad for v in in_order(root)] == [0.0] * 7


def test_a_graph_too_large_is_refused(tmp_path):
    root = engine.total([Value(1.0) for _ in range(4000)])
    with pytest.raises(viz.TooLargeError, match="has 4,001 nodes, and a page steps through at most 3,000"):
        viz.explore(root, tmp_path / "page.html")


def test_the_page_needs_no_network(tmp_path):
    text = viz.explore(neuron(), tmp_path / "page.html").read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    assert "src=" not in text
