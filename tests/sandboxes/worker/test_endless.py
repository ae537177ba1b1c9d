"""Which loops are proved to be endless, and that no other is."""

from __future__ import annotations

import signal

import pytest

from pytest_genx.sandboxes.worker.endless import Endless, Watch

ENDLESS = {
    "nothing changes": "while True:\n        y = x",
    "a condition that stays": "while x > 0:\n        y = x * 2",
    "text that grows": "s = ''\n    while x:\n        s = str(x % 1) + s\n        x = x // 1",
    "a list that grows": "out = []\n    while x > 0:\n        out.append(x % 1)\n        x //= 1",
    "a counter beside it": "n = 0\n    while x:\n        n += 1\n        x = max(x, 1)",
    "two states in turn": "while x:\n        x = 3 - x",
    "within another loop": "for i in range(3):\n        while i < x:\n            y = i",
    "around another loop": "while x:\n        for i in range(50):\n            y = i",
    "a function of its own": "while g(x): x = g(x)",
    "text that is searched": "s = 'ab'\n    while s.find('') == 0:\n        s = s[s.find('') :]",
}
OPEN = {
    "a condition that changes": "n = 0\n    while n < 10 ** 9:\n        n += 1",
    "what grows is read": "a = []\n    while len(a) < 10 ** 9:\n        a.append(1)",
    "an iterator advances": "i = iter(range(10 ** 9))\n    while next(i, None) is not None: pass",
    "a generator within": "i = (y for y in range(10 ** 9))\n    while x:\n        next(i)",
    "a list shrinks": "a = [1] * 10 ** 7\n    while a:\n        a.pop()",
    "an index runs out": "i, y = 0, 'a' * 10 ** 7\n    while x:\n        i += 1\n        y[i]",
    "no while loop": "for i in range(10 ** 9): pass",
    "hidden in a closure": (
        "a = []\n    def more():\n        a.append(1)\n        return len(a) < 10 ** 7\n"
        "    while more(): pass"
    ),
    "large things": "a = []\n    while x:\n        a.append(bytearray(1 << 12))",
}


class Proved(BaseException):
    """A proof was found."""


class GivenUp(BaseException):
    """Time is over."""


def is_proved(body: str) -> bool:
    """Run a loop for a while, and say whether it was proved to be endless."""
    program = f"def g(x):\n    return x\ndef f(x):\n    {body}\n"
    namespace: dict[str, object] = {}
    exec(compile(program, "loop.py", "exec"), namespace)

    def raise_proved():
        raise Proved

    watch, ticks = Watch(raise_proved), []

    def on_tick(_, frame):
        ticks.append(1)
        if len(ticks) == 1:
            watch.begin(frame, program, "loop.py")
        elif len(ticks) == 8:
            raise GivenUp

    before = signal.signal(signal.SIGPROF, on_tick)
    signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
    try:
        namespace["f"](1)
    except (Proved, Endless):
        return True
    except GivenUp:
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        watch.end()
    raise AssertionError("the loop has ended")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_a_loop_whose_state_comes_again_is_endless(body):
    """It is proved within a few turns."""
    assert is_proved(body)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("body", OPEN.values(), ids=OPEN)
def test_a_loop_that_may_end_is_not_proved_endless(body):
    """Whatever else it repeats."""
    assert not is_proved(body)
