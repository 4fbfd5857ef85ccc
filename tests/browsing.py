"""Graphs whose explore pages are tested, and what a test does with a page."""

import engine
import nn
from engine import Value


def neuron():
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    z = w * x + b
    z.label = "z"
    return engine.tanh(z) * x


def network():
    X, T = nn.xor()
    return nn.mean_loss(nn.MLP(2, [4, 1], activation="tanh"), X[1:2], T[1:2], "mse")


def large():
    X, T = nn.digits()
    return nn.mean_loss(nn.MLP(64, [16, 10]), X[:20] / 16, T[:20])


def press(driver, name, times=1):
    for _ in range(times):
        driver.find_element("id", name).click()


def ask(driver, what):
    return driver.execute_script(f"return {what}")


def wait_for(driver, condition):
    """Wait until what the browser handles in its own time has happened."""
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(driver, 20, poll_frequency=0.02).until(lambda d: ask(d, condition))
