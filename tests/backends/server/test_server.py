from __future__ import annotations

from pytest_genx.domain import Role


def test_a_server_that_gives_one_choice_is_asked_for_the_rest_one_by_one(
    server, open_backend, ask, texts
):
    """Each has its own seed, and the next request does not try `n` again."""
    server.answer = server.one_at_a_time
    backend = open_backend()
    assert texts(backend, ask(n=4)) == ["s0", "s1", "s2", "s3"]
    assert texts(backend, ask(n=4)) == ["s0", "s1", "s2", "s3"]
    assert [asked.body.get("n") for asked in server.asked] == [4, *[None] * 7]


def test_choices_that_are_all_the_same_are_asked_for_one_by_one(server, open_backend, ask, texts):
    """Some servers start every choice with the one seed."""

    def answer(asked):
        n = asked.body.get("n", 1)
        return server.choices(asked, [f"s{asked.body['seed']}"] * n)

    server.answer = answer
    assert texts(open_backend(), ask(n=3)) == ["s0", "s1", "s2"]


def test_more_choices_than_asked_for_are_cut(server, open_backend, ask, texts):
    """A backend yields at most `n`."""
    server.answer = lambda asked: server.choices(asked, ["a", "b", "c", "d"])
    assert texts(open_backend(), ask(n=2)) == ["a", "b"]


def test_requests_for_nothing_send_nothing(server, open_backend, ask, texts):
    """Neither role asks for a sample that nobody wants."""
    assert texts(open_backend(), ask(n=0)) == []
    assert texts(open_backend(), ask(Role.CODER, n=0)) == []
    assert server.asked == []
