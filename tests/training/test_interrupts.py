"""Ctrl-C: what was trained so far is kept."""

import os
import signal
import threading

import numpy as np
import pytest
from fits import VALIDATION, every_device, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.training.interrupts import interrupt_flag


def press(*_):
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


@every_device
def test_an_interrupt_gives_what_was_trained_so_far(device, monkeypatch):
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    handler = signal.getsignal(signal.SIGINT)
    n = 2 * cpu.GRAIN
    networks, untouched, one_epoch = population(n), population(n), population(n)
    history = fit(networks, progress=press, validation=VALIDATION, device=device)
    assert signal.getsignal(signal.SIGINT) is handler
    assert history.interrupted is True
    trained = history.epochs_run == 1
    assert 0 < trained.sum() < n
    assert (history.epochs_run[~trained] == 0).all()
    assert not history.stopped.any()
    assert not history.diverged.any()
    expected = fit(one_epoch, epochs=1, validation=VALIDATION, device=device)
    assert_array_equal(networks.parameters[trained], one_epoch.parameters[trained])
    assert_array_equal(networks.parameters[~trained], untouched.parameters[~trained])
    assert_array_equal(history.loss[trained, 0], expected.loss[trained, 0])
    assert np.isnan(history.loss[:, 1:]).all()
    assert np.isnan(history.validation_loss[~trained]).all()
    assert_array_equal(np.isinf(history.score()), ~trained)
    assert history.sample_updates == 20 * trained.sum()
    assert trained[: len(networks.best(history, int(trained.sum())))].any()


def test_an_interrupt_comes_through_while_kernels_run():
    networks = population(64, mlp=bp.MLP((3, 30, 2)))
    calls, before, timers = [], [], []

    def press_and_look():
        press()
        before.append(len(calls))

    def start(progress):  # after the first call of the kernel
        calls.append(progress)
        if not timers:
            timers.append(threading.Timer(0.1, press_and_look))
            timers[0].start()

    sgd = bp.SGD(learning_rate=1e-4)
    history = fit(networks, sgd, epochs=10**6, record="last", progress=start)
    timers[0].join()
    assert history.interrupted
    assert len(calls) <= before[0] + 1  # the one that was under way
    assert 0 < history.epochs_run.max() < 10**6
    assert np.isfinite(networks.parameters).all()
    again = fit(networks, epochs=1)
    assert not again.interrupted
    assert np.isfinite(again.loss).all()


def test_a_second_interrupt_does_not_wait():
    handler = signal.getsignal(signal.SIGINT)
    networks = population()
    with pytest.raises(KeyboardInterrupt):
        fit(networks, progress=lambda _: (press(), press()))
    assert signal.getsignal(signal.SIGINT) is handler
    assert np.isfinite(networks.parameters).all()


def test_interrupts_that_are_ignored_stay_so():
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert not fit(population(), progress=press).interrupted
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)


def test_a_flag_within_another_is_as_full_and_fills_both():
    handler = signal.getsignal(signal.SIGINT)
    with interrupt_flag() as outer:
        with interrupt_flag() as inner:
            assert not inner
            press()
            assert inner
            assert outer
        with interrupt_flag() as late:
            assert late
    assert signal.getsignal(signal.SIGINT) is handler


def test_other_threads_share_the_flag_of_the_main_thread():
    def look():
        with interrupt_flag() as flag:
            seen.append(flag)

    seen = []
    with interrupt_flag() as flag:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen[0] is flag
