"""What the standard library's functions and methods say of the values they are given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def name_set(text: str) -> frozenset[str]:
    """Split a line of names."""
    return frozenset(text.split())


def table(**uses: str) -> Mapping[str, str]:
    """Turn `use="name name"` around: name to use.

    >>> dict(table(str="lower upper"))
    {'lower': 'str', 'upper': 'str'}
    """
    return MappingProxyType({name: use for use, names in uses.items() for name in names.split()})


# A method or attribute read from a value -> a use of that value.
MEMBERS = table(
    str="strip lstrip rstrip lower upper title capitalize casefold swapcase split rsplit "
    "splitlines partition rpartition startswith endswith isnumeric istitle isidentifier encode "
    "format join ljust rjust center expandtabs replace translate find rfind rindex removeprefix "
    "removesuffix zfill isascii isprintable isdecimal",
    char="isdigit isalpha isalnum isspace isupper islower",
    bytes="decode hex",
    list="append extend insert sort reverse remove",
    dict="items keys values setdefault get popitem",
    set="add discard union intersection difference issubset issuperset symmetric_difference "
    "isdisjoint",
    date="year month day weekday isoweekday isocalendar strftime isoformat toordinal",
    datetime="hour minute second timestamp astimezone tzinfo utcoffset microsecond",
    timedelta="total_seconds",
    Decimal="quantize as_tuple",
    Fraction="numerator denominator limit_denominator",
    int="bit_length to_bytes",
    float="is_integer as_integer_ratio",
    TextIO="read readline readlines",
    Path="exists suffix stem is_file is_dir read_text read_bytes with_suffix iterdir mkdir",
    Pattern="match fullmatch search sub findall finditer",
    iterator="__next__",
    container="__contains__",
    iterable="__iter__",
    sized="__len__",
    indexed="__getitem__",
)
# Functions of `re` and methods of a pattern that try a regular expression on a text.
MATCHERS = name_set("match fullmatch search findall finditer split sub subn")
# A method of a string that gives the same text in other clothes.
SAME_TEXT = name_set(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase replace translate ljust "
    "rjust center expandtabs removeprefix removesuffix zfill copy"
)
_OF_FLOATS = name_set(
    "sqrt floor ceil log log2 log10 exp sin cos tan asin acos atan atan2 radians degrees hypot "
    "isnan isinf isfinite trunc fabs copysign isclose"
)
# A builtin or a well-known function -> a use of each positional argument, the last repeated.
CALLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "len": ("sized",),
        "sum": ("iterable numbers", "number"),
        "fsum": ("iterable numbers",),
        "prod": ("iterable numbers",),
        "mean": ("iterable numbers",),
        "sorted": ("iterable",),
        "reversed": ("sequence",),
        "enumerate": ("iterable", "int"),
        "iter": ("iterable",),
        "list": ("iterable",),
        "tuple": ("iterable",),
        "set": ("iterable",),
        "frozenset": ("iterable",),
        "any": ("iterable",),
        "all": ("iterable",),
        "zip": ("iterable",),
        "zip_longest": ("iterable",),
        "chain": ("iterable",),
        "from_iterable": ("iterable nested",),
        "islice": ("iterable", "count"),
        "tee": ("iterable", "count"),
        "cycle": ("iterable",),
        "product": ("iterable",),
        "permutations": ("iterable", "count"),
        "combinations": ("iterable", "count"),
        "combinations_with_replacement": ("iterable", "count"),
        "accumulate": ("iterable", "callable"),
        "pairwise": ("iterable",),
        "groupby": ("iterable", "callable"),
        "compress": ("iterable", "iterable"),
        "takewhile": ("callable", "iterable"),
        "dropwhile": ("callable", "iterable"),
        "filterfalse": ("callable", "iterable"),
        "starmap": ("callable", "iterable nested"),
        "repeat": ("", "count"),
        "reduce": ("callable", "iterable"),
        "map": ("callable", "iterable"),
        "filter": ("callable", "iterable"),
        "Counter": ("iterable",),
        "deque": ("iterable", "count"),
        "dict": ("dict",),
        "next": ("iterator",),
        "range": ("count",),
        "bin": ("int",),
        "hex": ("int",),
        "oct": ("int",),
        "chr": ("code",),
        "ord": ("char",),
        "abs": ("number",),
        "round": ("float", "count"),
        "divmod": ("number",),
        "pow": ("number",),
        "bytes": ("iterable",),
        "open": ("path",),
        "listdir": ("path",),
        "Path": ("path",),
        "getattr": ("", "str"),
        "loads": ("json",),
        "compile": ("pattern",),
        "match": ("pattern", "str"),
        "fullmatch": ("pattern", "str"),
        "search": ("pattern", "str"),
        "findall": ("pattern", "str"),
        "finditer": ("pattern", "str"),
        "sub": ("pattern", "", "str"),
        "escape": ("str",),
        "fromisoformat": ("isodate",),
        "fromtimestamp": ("count",),
        "Decimal": ("digits",),
        "Fraction": ("number",),
        "timedelta": ("count",),
        "quote": ("str",),
        "urlparse": ("url",),
        "urlsplit": ("url",),
        "unquote": ("str",),
        "basename": ("path",),
        "dirname": ("path",),
        "splitext": ("path",),
        "normpath": ("path",),
        "literal_eval": ("json",),
        "normalize": ("", "str"),
        "StringIO": ("str",),
        "BytesIO": ("bytes",),
        "md5": ("bytes",),
        "sha256": ("bytes",),
        "bisect_left": ("iterable numbers", "number"),
        "bisect_right": ("iterable numbers", "number"),
        "bisect": ("iterable numbers", "number"),
        "heapify": ("list numbers",),
        "heappush": ("list numbers", "number"),
        "heappop": ("list numbers",),
        "nlargest": ("count", "iterable"),
        "nsmallest": ("count", "iterable"),
        "isqrt": ("count",),
        "factorial": ("count",),
        "comb": ("count",),
        "perm": ("count",),
        "gcd": ("int",),
        "lcm": ("int",),
        **dict.fromkeys(_OF_FLOATS, ("float",)),
    }
)
# Calls whose result is an iterator that has no value of its own until it is consumed.
ITERATORS = name_set(
    "iter map filter zip reversed enumerate chain from_iterable islice cycle count repeat product "
    "permutations combinations combinations_with_replacement accumulate pairwise groupby compress "
    "takewhile dropwhile filterfalse starmap zip_longest batched finditer tee"
)
ENDLESS = name_set("count cycle repeat")
# What a use by name implies besides: values that such a parameter ordinarily has.
TYPICAL: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "path": ("a/b.txt", "/tmp/data.tar.gz", "."),  # noqa: S108 -- a text, nothing is opened
        "json": ('{"a": 1}', "[1, 2]", "null"),
        "pattern": (r"\d+", "a+", ""),
        "isodate": ("2024-01-31", "2024-02-29T12:30:00", "2023-13-01"),
        "url": ("https://example.com/a/b?x=1&y=2#top", "example.com", "/a/b"),
        "digits": ("12", "1.5", "-3"),
        "code": (65, 97, 233),
    }
)
