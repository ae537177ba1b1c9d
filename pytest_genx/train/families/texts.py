"""Texts of everyday programs: names, addresses, dates, amounts, codes, and broken ones."""

from __future__ import annotations

import random

from pytest_genx.train.families.values import (
    FIELD_NAMES,
    WORDS,
    Constants,
    integer,
    length,
    word,
)

FIRST_NAMES = (
    "Ada", "Alan", "Grace", "Linus", "Guido", "Zoë", "José", "Anna", "Bob", "Eve", "Mia",
    "Noah", "Li", "Omar", "ann", "bob",
)  # fmt: skip
LAST_NAMES = (
    "Lovelace", "Turing", "Hopper", "Smith", "Jones", "García", "Müller", "Lee", "O'Neil",
    "Novak", "Brown", "King",
)  # fmt: skip
SKUS = ("A1", "B2", "AB-123", "X-9", "SKU-001", "C3", "Z-77")


def name(rng: random.Random, _: Constants) -> str:
    """Draw a person's name in any state."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    forms = (
        f"{first} {last}",
        f"{first} {last}",
        first,
        f"{first} {rng.choice(LAST_NAMES)} {last}",
    )
    odd = ("", f"  {first}  {last} ", f"{first} {last}".lower(), f"{first} {last}".upper())
    return rng.choice(forms) if rng.random() < 0.7 else rng.choice(odd)


def email(rng: random.Random, _: Constants) -> str:
    """Draw an address, often a broken one."""
    user = rng.choice((*FIRST_NAMES, "info", "sales", "a.b", "x+y")).lower()
    host = rng.choice(("example.com", "mail.org", "shop.co.uk", "Example.COM"))
    odd = (
        f"{user}@@{host}",
        user,
        f"@{host}",
        f"{user}@",
        "",
        f"{user} @{host}",
        f"{user}@localhost",
    )
    return f"{user}@{host}" if rng.random() < 0.6 else rng.choice(odd)


def clock(rng: random.Random, _: Constants) -> str:
    """Draw a time of day as HH:MM, or nearly."""
    odd = ("00:00", "23:59", "24:00", "12:60", "9:5", "noon", "", "12:00", "7:30")
    if rng.random() < 0.35:
        return rng.choice(odd)
    return f"{rng.randint(0, 23):02d}:{rng.choice((0, 5, 15, 30, 45, 59)):02d}"


def date(rng: random.Random, _: Constants) -> str:
    """Draw a date as YYYY-MM-DD, or nearly."""
    odd = ("2024-02-29", "2023-02-29", "2000-01-01", "1999-12-31", "2024-13-01", "2024/01/05", "")
    if rng.random() < 0.35:
        return rng.choice(odd)
    return f"{rng.randint(1995, 2030)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def csv(rng: random.Random, constants: Constants) -> str:
    """Draw words with separators."""
    parts = [str(word(rng, constants)) for _ in range(length(rng, 4))]
    return rng.choice((",", ",", ", ", ";")).join(parts)


def number_list(rng: random.Random, constants: Constants) -> str:
    """Draw numbers with separators."""
    parts = [str(integer(rng, constants)) for _ in range(length(rng, 4))]
    if rng.random() < 0.2:
        parts.append(rng.choice(("x", "", " 5", "1.5")))
    return rng.choice((",", ",", ", ", " ")).join(parts)


def pairs_text(rng: random.Random, constants: Constants) -> str:
    """Draw keys and values, with the separators that the code looks for."""
    strings = constants.strings
    joint = rng.choice([s for s in strings if s.strip() in {"=", ":"}] or ["=", ":"])
    gap = rng.choice([s for s in strings if s.strip() in {";", ",", "&"}] or [";", ",", "&"])
    parts = [
        f"{rng.choice(FIELD_NAMES)}{joint}{word(rng, Constants())}" for _ in range(length(rng, 3))
    ]
    if rng.random() < 0.2:
        parts.append(rng.choice(("", "flag", f"x{joint}", f"a{joint}1{joint}2")))
    return gap.join(parts)


def duration(rng: random.Random, _: Constants) -> str:
    """Draw a duration such as 1h30m."""
    hours, minutes = rng.randint(0, 12), rng.randint(0, 59)
    return rng.choice(
        (f"{hours}h{minutes}m", f"{hours}h", f"{minutes}m", "", "0m", "1h1m", "90m", "x")
    )


def digits(rng: random.Random, constants: Constants) -> str:
    """Draw digits, of the lengths that the code asks for."""
    wanted = [int(n) for n in constants.numbers if 1 <= n <= 20]
    size = rng.choice((*wanted, 1, 4, 8, 0, *wanted))
    text = "".join(rng.choice("0123456789") for _ in range(size))
    return rng.choice(
        (text, text, text, text + "x", f"-{text}", f" {text} ", text[:3] + "-" + text[3:])
    )


def money(rng: random.Random, _: Constants) -> str:
    """Draw an amount as people write it."""
    value = rng.choice((0, 5, 12.5, 1234.5, 99.99, 1000000))
    return rng.choice(
        (f"${value:,.2f}", f"{value}", f"{value:,}", f"-${value}", "", "free", f" ${value} ")
    )


def identifier(rng: random.Random, _: Constants) -> str:
    """Draw an identifier in any case convention."""
    first, second = rng.choice(FIELD_NAMES), rng.choice(FIELD_NAMES)
    return rng.choice(
        (f"{first}_{second}", f"{first}{second.title()}", f"{first}-{second}", first, f"_{first}",
         f"{first.title()}{second.title()}", f"{first} {second}", "", f"{first}2", "HTTPServer")
    )  # fmt: skip


def version(rng: random.Random, _: Constants) -> str:
    """Draw a version number."""
    parts = [str(rng.choice((0, 1, 2, 3, 9, 10, 11))) for _ in range(rng.choice((1, 2, 3, 3, 3)))]
    return rng.choice((".".join(parts), ".".join(parts), "v" + ".".join(parts), "1.0.0", "0.0.1"))


def path(rng: random.Random, _: Constants) -> str:
    """Draw a file path."""
    stem, suffix = (
        rng.choice(WORDS),
        rng.choice((".txt", ".csv", ".tar.gz", ".PNG", "", ".", ".py")),
    )
    return rng.choice(("", "", "docs/", "/home/ann/", "a/b/c/", "../")) + stem + suffix


def colour(rng: random.Random, _: Constants) -> str:
    """Draw a hexadecimal colour, or nearly."""
    return rng.choice(
        ("#ffffff", "#000000", "#ff8800", "#abc", "ff8800", "#GG0000", "", "#12345", "#A1b2C3")
    )


def sku(rng: random.Random, _: Constants) -> str:
    """Draw an article number, or nearly."""
    return rng.choice((*SKUS, "ab-123", "AB123", "AB-", "-12", "", "ABC-1234", "AB-12X"))


def character(rng: random.Random, constants: Constants) -> str:
    """Draw one character."""
    single = [s for s in constants.strings if len(s) == 1]
    known: list[str] = [*single, *"aeloxzA-, ", "é"]
    return rng.choice(known)


def separator(rng: random.Random, _: Constants) -> str:
    """Draw what stands between parts."""
    return rng.choice((",", ", ", "-", " ", "/", "_", "; ", "|", ""))
