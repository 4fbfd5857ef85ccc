"""Training on devices: the losses of NumPy's run whatever the number of devices or processes, and what goes wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from long_run import shortened

import nn
from engine import MissingExtraError
from engine.lifting.run.on_jax import JaxFunction
from nn.__main__ import main
from nn.training import devices
from nn.training.devices import DeviceError
from nn.training.epochs import TrainingError

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
eight = pytest.mark.skipif(
    len(jax.devices()) < 8, reason="needs XLA_FLAGS=--xla_force_host_platform_device_count=8 before JAX is imported"
)


def digits(n=107):
    X, T = nn.digits()
    return X[:n] / 16.0, T[:n]


def train(X, T, backend="jax", epochs=3, **how):
    model = nn.MLP(64, [12, 10], seed=0)
    how = {"batch_size": 32, "progress": False} | how
    return model, nn.fit(model, X, T, epochs=epochs, backend=backend, **how)


def losses(history):
    return np.array([record["loss"] for record in history])


def state(model):
    return np.array([v.data for v in model.parameters()])


@eight
@pytest.mark.parametrize("count", shortened([8, jax.devices()[::3], 1, 2, None], 1))
def test_any_number_of_devices_gives_numpys_losses(count):
    """107 samples in batches of 32: the last has 11, which no number of devices but one divides."""
    X, T = digits()
    numpy, want = train(X, T, "numpy", strength=0.01)
    model, got = train(X, T, devices=count, strength=0.01)
    np.testing.assert_allclose(losses(got), losses(want), rtol=1e-9, atol=0)
    np.testing.assert_allclose(state(model), state(numpy), rtol=1e-9, atol=1e-12)
    assert [r["accuracy"] for r in got] == [r["accuracy"] for r in want]


@eight
def test_a_batch_of_fewer_samples_than_devices():
    X, T = digits(3)
    np.testing.assert_allclose(losses(train(X, T)[1]), losses(train(X, T, "numpy")[1]), rtol=1e-9, atol=0)


def test_other_losses_and_optimisers_train_too():
    X, T = nn.moons(30)
    found = []
    for backend in ("numpy", "jax"):
        model = nn.MLP(2, [6, 1], activation="tanh", seed=1)
        how = {"loss": "hinge", "batch_size": 7, "optimizer": nn.SGD(lr=0.1, momentum=0.9), "validation": 0.2}
        found.append(nn.fit(model, X, T, epochs=3, progress=False, backend=backend, patience=2, **how))
    np.testing.assert_allclose(losses(found[1]), losses(found[0]), rtol=1e-9, atol=0)
    assert found[1][-1]["val_loss"] == pytest.approx(found[0][-1]["val_loss"], rel=1e-9)


def test_jaxs_own_precision_is_left_alone():
    before = jax.numpy.ones(2).dtype
    train(*digits(8), epochs=1)
    assert jax.numpy.ones(2).dtype == before


@pytest.mark.parametrize(("first", "second"), shortened([("numpy", "jax"), ("jax", "numpy")], 1))
def test_a_checkpoint_moves_between_backends(tmp_path, first, second):
    X, T = digits(40)
    whole = train(X, T, "numpy", epochs=4)[1]
    path = tmp_path / "checkpoint"
    train(X, T, first, epochs=2, checkpoint=path)
    moved = train(X, T, second, epochs=4, checkpoint=path, resume=True)[1]
    np.testing.assert_allclose(losses(moved), losses(whole), rtol=1e-9, atol=0)


def test_what_is_not_there_is_refused(monkeypatch, capsys):
    X, T = digits(4)
    with pytest.raises(DeviceError, match=r"devices=1000: there are \d+ \(cpu\).*device_count=1000"):
        train(X, T, devices=1000)
    with pytest.raises(ValueError, match="backend='torch' is not known; use 'numpy', or 'jax'"):
        train(X, T, "torch")
    with pytest.raises(ValueError, match="the scalar engine has no backend='jax'"):
        train(X, T, lifted=False)
    with pytest.raises(ValueError, match=r"class 17 at \[2\] is outside the network's 10 outputs \(0 to 9\)"):
        train(X, np.array([1, 2, 17, 3]))
    with pytest.raises(DeviceError, match="process=2 of 2: processes are numbered from 0 to 1"):
        devices.join("localhost:1", 2, 2)
    assert main(["train", "--data", "xor", "--coordinator", "localhost:1"]) == 2
    assert "add --backend jax" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'liftgrad\[jax\]'"):
        train(X, T)


@pytest.mark.parametrize("address", ["", "localhost", "localhost:", ":7000", "localhost:x", "localhost:0", "h:70000"])
def test_what_is_no_address_of_a_coordinator(address):
    for here in (True, False):
        with pytest.raises(DeviceError, match=r"is no host:port; give one such as localhost:7000"):
            devices.check_address(address, here=here)


def test_a_coordinator_listens_where_it_was_told_or_says_why_not():
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DeviceError, match=rf"process 0 cannot listen at localhost:{port} \(.*\); give a free port"):
            devices.check_address(f"localhost:{port}", here=True)
        devices.check_address(f"localhost:{port}", here=False)
    devices.check_address(f"localhost:{free_port()}", here=True)
    with pytest.raises(DeviceError, match="cannot listen at 192.0.2.1:7000"):  # an address kept for documentation
        devices.check_address("192.0.2.1:7000", here=True)


def test_jax_is_told_to_listen_at_that_address_alone(monkeypatch):
    told = {}

    def initialize(coordinator, processes, process, *, coordinator_bind_address=None, heartbeat_timeout_seconds=0):
        told.update(at=coordinator, bound=coordinator_bind_address)

    monkeypatch.setattr(jax.distributed, "initialize", initialize)
    address = f"localhost:{free_port()}"
    devices.join(address, 2, 0)
    assert told == {"at": address, "bound": address}


def test_a_loss_that_is_no_number_is_named():
    X, T = digits(8)
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) at step"):
        train(X, T, optimizer=nn.SGD(lr=1e200), metrics=())
    with pytest.raises(ValueError, match=r"X\[0, 2\] \(row 0, column 2\) is nan"):
        train(np.where(X > 0, np.nan, X), T)


def test_an_error_of_jaxs_is_one_line(monkeypatch):
    def broken(self, *arguments, **more):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory.\nand so on")

    monkeypatch.setattr(JaxFunction, "__call__", broken)
    with pytest.raises(DeviceError, match=r"^JAX could not run a step: RESOURCE_EXHAUSTED: out of memory\.$"):
        train(*digits(8))


def test_the_command_line_trains_on_devices(capsys):
    found = []
    for backend in ("numpy", "jax"):
        assert main(["train", "--data", "moons", "--hidden", "4", "--epochs", "2", "--backend", backend]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]
    assert main(["train", "--data", "moons", "--hidden", "4", "--backend", "jax", "--devices", "1000"]) == 2
    assert "devices=1000: there are" in capsys.readouterr().err


# --- several processes --------------------------------------------------------------------------------------------


def start(process: int, port: int, epochs: int, checkpoint: Path, count: int) -> subprocess.Popen[str]:
    """One of two processes of some devices each, on this machine."""
    command = [sys.executable, "-m", "nn", "train", "--data", "digits", "--hidden", "12", "--epochs", str(epochs)]
    command += ["--backend", "jax", "--coordinator", f"localhost:{port}", "--processes", "2", "--process", str(process)]
    command += ["--batch", "100", "--checkpoint", str(checkpoint)]
    environment = os.environ | {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={count}",
        "JAX_PLATFORMS": "cpu",
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return int(s.getsockname()[1])


def in_one_process(backend, epochs, **how):
    X, T = nn.digits()
    model = nn.MLP(64, [12, 10], seed=0)
    return nn.fit(
        model,
        X / 16.0,
        T,
        epochs=epochs,
        batch_size=100,
        optimizer=nn.Adam(lr=1e-2),
        progress=False,
        backend=backend,
        **how,
    )


@pytest.mark.slow
def test_two_processes_train_as_one_and_outlive_each_other_as_a_checkpoint(tmp_path):
    """They reach the losses of one NumPy process; where one is killed the other says so and ends, and one goes on."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    pair = [start(k, port, 2, whole, 2) for port in [free_port()] for k in (0, 1)]
    texts = [p.communicate(timeout=120) for p in pair]
    assert [p.returncode for p in pair] == [0, 0], texts
    history = in_one_process("numpy", 2, checkpoint=whole, resume=True)  # has nothing left to do
    np.testing.assert_allclose(losses(history), losses(in_one_process("numpy", 2)), rtol=1e-9, atol=0)
    assert "epoch 2/2" in texts[0][0]
    assert "epoch" not in texts[1][0]

    pair = [start(k, port, 10**6, cut, 1) for port in [free_port()] for k in (0, 1)]
    try:
        began, first = time.monotonic(), None
        while first is None or cut.stat().st_mtime_ns == first:  # until an epoch's checkpoint follows the initial one
            assert time.monotonic() - began < 90, [p.poll() for p in pair]
            time.sleep(0.05)
            first = first or (cut.stat().st_mtime_ns if cut.exists() else None)
        pair[1].kill()
        _, said = pair[0].communicate(timeout=60)
    finally:
        for p in pair:
            p.kill()
        pair[1].communicate()
    assert pair[0].returncode == 2
    assert "process 0 of 2 lost another one" in said
    assert "the checkpoint holds the last whole epoch" in said
    done = len(in_one_process("numpy", 0, checkpoint=cut, resume=True))
    assert done >= 1
    resumed = in_one_process("jax", done + 1, checkpoint=cut, resume=True, devices=1)
    np.testing.assert_allclose(losses(resumed), losses(in_one_process("numpy", done + 1)), rtol=1e-7, atol=0)
