"""What clients call themselves."""

from pegboard_logging.user_agents import LONGEST, MAX_SIZE, UserAgents


def upper(text: str) -> str:
    return text.upper()


def test_a_name_is_made_into_text_once_and_shared() -> None:
    names = UserAgents(upper)
    first, second = names[b"curl/8 \xe9"], names[bytes(bytearray(b"curl/8 \xe9"))]
    assert first == "CURL/8 \xc9"
    assert second is first


def test_the_table_does_not_grow_with_the_names_that_clients_invent() -> None:
    names = UserAgents(upper)
    for number in range(3 * MAX_SIZE):
        assert names[b"%d" % number] == str(number)
    assert len(names) <= MAX_SIZE


def test_long_names_are_not_kept() -> None:
    names = UserAgents(upper)
    assert names[b"a" * (LONGEST + 1)] == "A" * (LONGEST + 1)
    assert not names
