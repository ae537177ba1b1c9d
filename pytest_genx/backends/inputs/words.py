"""What names and docstrings say of parameters: `count`, `:type n: int`, `n (int): ...`."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from types import MappingProxyType

from pytest_genx.backends.inputs.hints import shape_of_hint
from pytest_genx.backends.inputs.namespace import Namespace
from pytest_genx.backends.inputs.shape import (
    ANY,
    BOOL,
    BYTES,
    COUNT,
    FLOAT,
    FUNCTION,
    INT,
    STR,
    Kind,
    Shape,
    collection,
    fixed,
    mapping,
    union,
)

_TEXTS = collection(STR)
_NUMBERS = collection(INT)
_DATE = fixed("«datetime.date»(2024, 1, 31)", "«datetime.date»(2024, 2, 29)")
_MOMENT = fixed("«datetime.datetime»(2024, 1, 31, 12, 30)", "«datetime.datetime»(2024, 2, 29)")
_SPAN = fixed("«datetime.timedelta»(days=1)", "«datetime.timedelta»(seconds=90)", "90", "0")
_PATH = fixed("'a/b.txt'", "'/tmp/data.tar.gz'", "''", "'.'")
_URL = fixed("'https://example.com/a/b?x=1#top'", "'http://localhost:8000'", "'a.org'", "''")
_EMAIL = fixed("'ann@example.com'", "'a.b+c@mail.example.org'", "'ann'", "''")
_ISO = replace(STR, examples=("'2024-01-31'", "'2024-02-29T12:30:00'", "'2023-12-31'"))


def _named(shape: Shape, text: str) -> dict[str, Shape]:
    return dict.fromkeys(text.split(), shape)


# Parameter names, or the last words of parameter names.
_NAMES = MappingProxyType(
    {
        **_named(BOOL, "reverse reversed strict verbose flag"),
        **_named(
            _TEXTS, "strings strs words names lines texts tokens labels tags paths chars letters"
        ),
        **_named(
            collection(_NUMBERS),
            "matrix mat grid board rows table points intervals edges iterables seqs sequences "
            "lists arrays",
        ),
        **_named(collection(Shape(Kind.TUPLE, parts=(STR, INT))), "pairs"),
        **_named(
            FUNCTION,
            "f g func fn function callback cb pred predicate callable key keyfunc mapper "
            "reducer factory condition test",
        ),
        **_named(replace(STR, examples=("'l'", "'a'", "'o'")), "char ch letter"),
        **_named(_ISO, "iso iso_str iso_date isodate date_str date_string date_text"),
        **_named(
            STR,
            "s str string text txt title label word line msg message prefix suffix sentence "
            "paragraph phrase content name slug language lang unit encoding currency code "
            "html markdown fmt template query expr expression token",
        ),
        **_named(fixed("','", "'-'", "' '", "''"), "sep separator delimiter delim"),
        **_named(
            _NUMBERS,
            "l li it xs ys iterable items seq sequence values list lst array arr nums numbers "
            "elements elems data collection iterator scores prices amounts heights weights "
            "entries coll tup",
        ),
        **_named(collection(INT, "set"), "set"),
        **_named(
            mapping(STR, INT),
            "d dict dct mapping map lookup headers params config options settings",
        ),
        **_named(
            COUNT,
            "n k m r i p q j count size length len limit width height depth times step window "
            "digits places precision index idx pos position offset page level num max min "
            "ndigits indent stop start end rank order maxlen maxsize nth",
        ),
        **_named(
            union(FLOAT, INT),
            "price amount rate ratio percent percentage total cost balance radius temperature "
            "temp tolerance tol eps alpha beta factor weight speed distance seconds interest "
            "tax discount celsius fahrenheit",
        ),
        **_named(
            INT,
            "x y z a b c number value1 value2 year month day age hours minutes seed id port "
            "quantity qty base bits low high lo hi lower upper",
        ),
        **_named(_PATH, "path filename file_name file dirname directory folder"),
        **_named(_URL, "url uri link href"),
        **_named(_EMAIL, "email email_address"),
        **_named(BYTES, "bytes bytestring buf buffer payload blob"),
        **_named(_DATE, "date"),
        **_named(_MOMENT, "dt now when datetime timestamp"),
        **_named(_SPAN, "delta timedelta duration"),
        **_named(
            fixed("ValueError", "(ValueError, KeyError)"),
            "exc exception exceptions error errors excs",
        ),
        **_named(fixed("int", "str", "(int, float)"), "type types cls klass base_type"),
    }
)
_FLAGS = re.compile(r"(is|has|allow|use|with|include|keep|ignore|skip)_.+")
_AMOUNTS = re.compile(r"(max|min|num|n)_.+")
_GOOGLE = re.compile(
    r"^[ \t]*\*{0,2}(\w+)[ \t]*\(([^()\n]+(?:\([^()\n]*\)[^()\n]*)?)\)[ \t]*:", re.MULTILINE
)
_NUMPY = re.compile(r"^[ \t]*\*{0,2}(\w+)[ \t]+:[ \t]+([^\n]+)$", re.MULTILINE)
_SPHINX = re.compile(r":param[ \t]+([\w.\[\], ]+?)[ \t]+(\w+)[ \t]*:")
_SPHINX_TYPE = re.compile(r":type[ \t]+(\w+)[ \t]*:[ \t]*([^\n]+)")
# Words of prose -> what they are called in a hint.
_PROSE = (
    (r"[`~]|:class:|:func:|:mod:|(?<=\w)\(s\)", ""),
    (r",?\s*(optional|defaults?\b.*|required|keyword-only)\s*$", ""),
    (r"\b(an?|the|of the|new|single|non-?empty|non-?negative|positive|built-?in)\s+", ""),
    (r"\b(integers?|ints)\b", "int"),
    (r"\b(strings?|strs|text|unicode|char(acter)?s?)\b", "str"),
    (r"\b(booleans?|bools)\b", "bool"),
    (r"\b(floats|numbers?|numeric|double)\b", "float"),
    (r"\b(dictionary|dictionaries|dicts)\b", "dict"),
    (r"\b(functions?|callables?|method)\b", "Callable"),
    (r"\b(array[- _]?like|ndarray|arrays?|lists|sequences?|iterables?|collection)\b", "list"),
    (r"\b(tuples)\b", "tuple"),
    (r"\b(\w+) of (\w+)\b", r"\1[\2]"),
    (r"\b(dict)\[(\w+)\] to (\w+)\b", r"\1[\2, \3]"),
    (r"\b(dict) (?:mapping )?from (\w+) to (\w+)\b", r"\1[\2, \3]"),
    (r"\s*(,\s*or|\bor|/)\s*", " | "),
    (r"^\{(.*)\}$", r"Literal[\1]"),
)


def shape_of_name(name: str) -> Shape:
    """Guess from a parameter's name, its last word, or either without a number behind it.

    >>> shape_of_name("max_count") == COUNT
    True
    >>> shape_of_name("str1") == STR
    True
    """
    plain = name.strip("_").lower()
    last = plain.rpartition("_")[2]
    for word in (plain, plain.rstrip("0123456789"), last, last.rstrip("0123456789")):
        if word in _NAMES:
            return _NAMES[word]
    if _FLAGS.fullmatch(plain):
        return BOOL
    return COUNT if _AMOUNTS.fullmatch(plain) else ANY


def shapes_of_docstring(docstring: str | None, namespace: Namespace) -> dict[str, Shape]:
    """Read the types that a docstring in Google's, numpy's or Sphinx' style gives parameters.

    Args:
        docstring: None when there is none.
        namespace: of the module, since a type may be a class of it.
    """
    text = docstring or ""
    words = dict(_NUMPY.findall(text))
    words.update(_GOOGLE.findall(text))
    words.update((name, kind) for kind, name in _SPHINX.findall(text))
    words.update(_SPHINX_TYPE.findall(text))
    shapes = {name: _shape_of_words(kind, namespace) for name, kind in words.items()}
    return {name: shape for name, shape in shapes.items() if shape != ANY}


def _shape_of_words(words: str, namespace: Namespace) -> Shape:
    """Read `list of str, optional` as `list[str]`; ANY when it is no type."""
    text = words.strip().rstrip(".")
    for pattern, hint in _PROSE:
        text = re.sub(pattern, hint, text, flags=re.IGNORECASE)
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return ANY
    if isinstance(node, ast.Tuple):
        return union(*(shape_of_hint(part, namespace) for part in node.elts))
    return shape_of_hint(node, namespace)
