"""The steps that pipelines are composed of: sources, filters, changes and gatherings.

In `code`, X stands for the element, L for the list so far, P for the parameter; K, M, D, S
and J stand for constants. Phrases use the same letters.
"""

from __future__ import annotations

from dataclasses import dataclass

SINGULAR = {
    "numbers": "number", "scores": "score", "quantities": "quantity", "ages": "age",
    "readings": "reading", "values": "value", "words": "word", "names": "name", "tags": "tag",
    "labels": "label", "lines": "line", "codes": "code", "orders": "order", "products": "product",
    "items": "item", "rows": "row", "prices": "price", "amounts": "amount", "users": "user",
    "members": "member", "people": "person", "customers": "customer", "text": "word",
    "sentence": "word", "message": "word", "stock": "count", "inventory": "count",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `code` holds X for the element and K for a constant; `gives` is the type after."""

    name: str
    code: str
    phrase: str  # holds K for the constant
    gives: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where elements come from: the parameter's kind, spellings, and how to iterate."""

    kind: str
    spellings: tuple[str, ...]
    loop: str  # holds P for the parameter
    element: str  # type of the elements: int, float, str, row, person, entry


KEEP = {
    "int": (
        Step("above", "X > K", "greater than K"),
        Step("from", "X >= K", "of at least K"),
        Step("below", "X < K", "less than K"),
        Step("even", "X % 2 == 0", "that are even"),
        Step("odd", "X % 2 == 1", "that are odd"),
        Step("multiple", "X % D == 0", "divisible by D"),
        Step("nonzero", "X != 0", "other than zero"),
        Step("positive", "X > 0", "that are positive"),
        Step("negative", "X < 0", "that are negative"),
        Step("between", "K <= X <= M", "from K to M"),
        Step("not_equal", "X != K", "different from K"),
    ),
    "float": (
        Step("above", "X > K", "greater than K"),
        Step("below", "X < K", "less than K"),
        Step("positive", "X > 0", "that are positive"),
        Step("negative", "X < 0", "that are negative"),
        Step("between", "K <= X <= M", "from K to M"),
    ),
    "str": (
        Step("starts", "X.startswith(S)", "that start with S"),
        Step("ends", "X.endswith(S)", "that end with S"),
        Step("has", "S in X", "that contain S"),
        Step("long", "len(X) > D", "longer than D characters"),
        Step("short", "len(X) <= D", "of at most D characters"),
        Step("filled", "X", "that are not empty"),
        Step("stripped", "X.strip()", "that are not blank"),
        Step("digits", "X.isdigit()", "made of digits"),
        Step("alpha", "X.isalpha()", "made of letters"),
        Step("upper", "X.isupper()", "in capitals"),
        Step("lower", "X.islower()", "in lower case"),
    ),
    "row": (
        Step("dear", 'X["price"] > K', "with a price above K"),
        Step("cheap", 'X["price"] <= K', "with a price up to K"),
        Step("available", 'X["quantity"] > 0', "in stock"),
        Step("few", 'X["quantity"] < D', "with fewer than D pieces"),
        Step("category", 'X["category"] == "food"', "in the category food"),
        Step("not_toys", 'X["category"] != "toys"', "that are no toys"),
    ),
    "person": (
        Step("adult", 'X["age"] >= 18', "aged 18 or more"),
        Step("older", 'X["age"] > K', "older than K"),
        Step("active", 'X["active"]', "who are active"),
        Step("inactive", 'not X["active"]', "who are not active"),
        Step("city", 'X["city"] == "Rome"', "in Rome"),
    ),
}
CHANGE = {
    "int": (
        Step("times", "X * D", "multiplied by D", "int"),
        Step("plus", "X + K", "plus K", "int"),
        Step("minus", "X - K", "minus K", "int"),
        Step("absolute", "abs(X)", "without its sign", "int"),
        Step("square", "X ** 2", "squared", "int"),
        Step("capped", "min(X, K)", "limited to K", "int"),
        Step("floored", "max(X, 0)", "raised to at least 0", "int"),
        Step("rest", "X % D", "modulo D", "int"),
        Step("halved", "X // 2", "halved and rounded down", "int"),
        Step("text", "str(X)", "as text", "str"),
        Step("taxed", "round(X * 1.2, 2)", "with 20 percent added", "float"),
    ),
    "float": (
        Step("rounded", "round(X)", "rounded", "int"),
        Step("half", "round(X / 2, 2)", "halved", "float"),
        Step("absolute", "abs(X)", "without its sign", "float"),
        Step("taxed", "round(X * 1.2, 2)", "with 20 percent added", "float"),
        Step("cents", "round(X * 100)", "in cents", "int"),
    ),
    "str": (
        Step("upper", "X.upper()", "in capitals", "str"),
        Step("lower", "X.lower()", "in lower case", "str"),
        Step("strip", "X.strip()", "without surrounding spaces", "str"),
        Step("title", "X.title()", "in title case", "str"),
        Step("length", "len(X)", "replaced by its length", "int"),
        Step("backwards", "X[::-1]", "reversed", "str"),
        Step("cut", "X[:D]", "cut to D characters", "str"),
        Step("marked", "X + S", "with S appended", "str"),
        Step("replaced", 'X.replace(S, "")', "without S", "str"),
        Step("capital", "X.capitalize()", "capitalised", "str"),
    ),
    "row": (
        Step("name", 'X["name"]', "by name", "str"),
        Step("price", 'X["price"]', "by price", "float"),
        Step("quantity", 'X["quantity"]', "by quantity", "int"),
        Step("worth", 'round(X["price"] * X["quantity"], 2)', "as price times quantity", "float"),
        Step("category", 'X["category"]', "by category", "str"),
    ),
    "person": (
        Step("name", 'X["name"]', "by name", "str"),
        Step("age", 'X["age"]', "by age", "int"),
        Step("city", 'X["city"]', "by city", "str"),
    ),
}
GATHER = {
    "int": (
        Step("sum", "sum(L)", "the sum of", "int"),
        Step("largest", "max(L, default=0)", "the largest of", "int"),
        Step("smallest", "min(L, default=0)", "the smallest of", "int"),
        Step("count", "len(L)", "the number of", "int"),
        Step("list", "L", "a list of", "list[int]"),
        Step("sorted", "sorted(L)", "in ascending order,", "list[int]"),
        Step("falling", "sorted(L, reverse=True)", "in descending order,", "list[int]"),
        Step("distinct", "len(set(L))", "the number of distinct", "int"),
        Step("mean", "sum(L) / len(L) if L else 0.0", "the mean of", "float"),
        Step("first", "L[0] if L else None", "the first of", "int | None"),
        Step("last", "L[-1] if L else None", "the last of", "int | None"),
        Step("spread", "max(L) - min(L) if L else 0", "the spread of", "int"),
    ),
    "float": (
        Step("sum", "round(sum(L), 2)", "the sum of", "float"),
        Step("largest", "max(L, default=0.0)", "the largest of", "float"),
        Step("count", "len(L)", "the number of", "int"),
        Step("list", "L", "a list of", "list[float]"),
        Step("sorted", "sorted(L)", "in ascending order,", "list[float]"),
        Step("mean", "round(sum(L) / len(L), 2) if L else 0.0", "the mean of", "float"),
    ),
    "str": (
        Step("list", "L", "a list of", "list[str]"),
        Step("sorted", "sorted(L)", "in alphabetical order,", "list[str]"),
        Step("joined", "J.join(L)", "joined by J,", "str"),
        Step("count", "len(L)", "the number of", "int"),
        Step("longest", 'max(L, key=len, default="")', "the longest of", "str"),
        Step("shortest", 'min(L, key=len, default="")', "the shortest of", "str"),
        Step("distinct", "sorted(set(L))", "sorted and without duplicates,", "list[str]"),
        Step("lengths", "{x: len(x) for x in L}", "the length by word of", "dict[str, int]"),
        Step("tally", "{x: L.count(x) for x in L}", "the count by word of", "dict[str, int]"),
        Step("first", "L[0] if L else None", "the first of", "str | None"),
        Step("letters", "sum(len(x) for x in L)", "the number of characters of", "int"),
        Step("reversed", "L[::-1]", "in reverse order,", "list[str]"),
    ),
}
SOURCES = (
    Source("ints", ("numbers", "scores", "quantities", "ages", "readings", "values"), "P", "int"),
    Source("ints", ("numbers", "scores", "values", "items"), "P", "int"),
    Source("amounts", ("prices", "amounts", "values"), "P", "float"),
    Source("words", ("words", "names", "tags", "labels", "codes", "lines"), "P", "str"),
    Source("words", ("words", "items", "names"), "P", "str"),
    Source("text", ("text", "sentence", "message"), "P.split()", "str"),
    Source("rows", ("orders", "products", "items", "rows"), "P", "row"),
    Source("people", ("people", "users", "members", "customers"), "P", "person"),
    Source("stock", ("stock", "inventory"), "P.values()", "int"),
    Source("stock", ("stock", "inventory"), "P", "str"),
)
VERBS = {
    "sum": "sum_of", "list": "select", "mean": "average", "joined": "join", "largest": "max_of",
    "smallest": "min_of",
}  # fmt: skip
