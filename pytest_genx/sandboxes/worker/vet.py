"""Say whether a program can leave nothing behind, so that many may share one process.

Child side: standard library only, imports nothing of ours. A program is *stateless* when no
call of its functions can change anything that a later call sees: what it runs with holds
nothing mutable, and it has no way to reach more. Two halves make that so.

- By name: its code objects use no name with which code leaves the language proper (`eval`,
  `getattr`, `__globals__`, frames of generators), store no globals and no attributes, and
  define no classes. Names are what the compiler wrote down, so nothing hides in strings:
  without `getattr` and its like (class patterns, format strings made at run time, `type` with
  three arguments) a string is never a name. Generators that clean up are left out, too: they
  do so when they are collected, which may be in somebody else's time.
- By what it is given: built-in names that compute and no others, and *views* of modules, which
  hold functions without state. Asking for more is noticed, and the program is then run in a
  process of its own, as is whatever keeps lists, dictionaries or objects in its globals or its
  default arguments.

What a stateless program can still do is take time, take memory and crash; the process it
shares with others then ends, and who has no verdict yet is run again.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import opcode
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# Built-in names that read or write state, reach into objects by strings, or differ by process.
_WITHHELD = _words(
    "breakpoint compile copyright credits delattr dir eval exec exit getattr globals hasattr help",
    "id license locals memoryview open quit setattr super vars",
)
# Attributes that read others by strings, or lead to classes nobody offered.
_LEADING = _words("format_map mro")
# Special names that are harmless to read or to call, on anything there is to reach.
_HARMLESS = _words(
    "__name__ __doc__ __len__ __contains__ __getitem__ __iter__ __next__ __eq__ __ne__ __lt__",
    "__le__ __gt__ __ge__ __add__ __sub__ __mul__ __mod__ __floordiv__ __truediv__ __neg__",
    "__abs__ __str__ __repr__ __bool__ __int__ __float__ __hash__ __reversed__",
)
_INNER = re.compile(r"__+[a-zA-Z]|(?:gi|cr|ag|f|tb|co)_")
_STATEFUL = frozenset(
    opcode.opmap[name]
    for name in (
        "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "LOAD_BUILD_CLASS",
        "SETUP_ANNOTATIONS", "LOAD_LOCALS", "MATCH_CLASS",
    )
    if name in opcode.opmap
)  # fmt: skip
_CLEANING = frozenset(
    opcode.opmap[name]
    for name in ("PUSH_EXC_INFO", "SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH")
    if name in opcode.opmap
)
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_STORE_NAME = opcode.opmap["STORE_NAME"]
_CONSTANT, _EXTENDED = opcode.opmap["LOAD_CONST"], opcode.opmap["EXTENDED_ARG"]
_FILLERS = frozenset(
    opcode.opmap[name] for name in ("CACHE", "EXTENDED_ARG", "NOP") if name in opcode.opmap
)
# Operations that read an attribute, and by how many bits its name is shifted.
_ATTRIBUTES = {opcode.opmap["LOAD_ATTR"]: int(sys.version_info >= (3, 12))}
if "LOAD_METHOD" in opcode.opmap and sys.version_info < (3, 12):
    _ATTRIBUTES[opcode.opmap["LOAD_METHOD"]] = 0
_INNER_FIELD = re.compile(r"\.\s*(?:_|(?:gi|cr|ag|f|tb|co)_)")  # of a format string

# What a view of a module offers: functions that keep nothing between calls, and constants.
_VIEWS: dict[str, str] = {
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "cmath": "*",
    "collections": "Counter OrderedDict defaultdict deque",
    "copy": "copy deepcopy",
    "fractions": "Fraction",
    "functools": "cmp_to_key reduce partial",
    "hashlib": "md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s",
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "itertools": "*",
    "math": "*",
    "operator": (
        "abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert"
        " is_ is_not itemgetter le lshift lt matmul mod mul ne neg not_ or_ pos pow rshift sub"
        " truediv truth xor"
    ),
    "re": (
        "A ASCII DOTALL I IGNORECASE M MULTILINE S VERBOSE X Match Pattern compile error escape"
        " findall finditer fullmatch match search split sub subn"
    ),
    "statistics": (
        "fmean geometric_mean harmonic_mean mean median median_high median_low mode multimode"
        " pstdev pvariance stdev variance"
    ),
    "string": (
        "ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits"
        " printable punctuation whitespace"
    ),
    "sys": "float_info maxsize",
    "typing": (
        "Any Callable Collection Counter DefaultDict Deque Dict Final FrozenSet Generator"
        " Iterable Iterator List Literal Mapping MutableMapping MutableSequence NoReturn Optional"
        " Sequence Set Text Tuple Type Union"
    ),
    "unicodedata": "category name normalize numeric",
}
_ATOMS = frozenset({int, float, bool, str, bytes, complex, type(None), range, type(...)})


class MoreAsked(BaseException):
    """A program asked for something it has no view of; not for `except` clauses."""


class Nothing:
    """Stands for a name that a program imports and never uses; any use is noticed."""

    def __init__(self, use: Callable[..., Any]) -> None:
        object.__setattr__(self, "_use", use)


def _noticed(self: Nothing, *_: object, **__: object) -> Any:
    return object.__getattribute__(self, "_use")("a name without a view")


for _name in _words(
    "getattribute call getitem iter next len bool contains eq ne lt le gt ge hash add radd sub",
    "rsub mul rmul truediv rtruediv mod rmod or ror and rand neg int float index enter exit await",
    "mro_entries instancecheck subclasscheck set_name str repr format fspath",
):
    setattr(Nothing, f"__{_name}__", _noticed)


def _kind(ask: Callable[[str], Any]) -> type:
    """Make what stands for `type`: it says of what class a value is, and makes no classes."""

    class Kind(type):
        def __call__(cls, *values: object, **more: object) -> type:
            found = type(values[0]) if len(values) == 1 and not more else type
            if type(found) is not type or found is type:
                ask("type")
            return found

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, type)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, type)

        def __getitem__(cls, kind: Any) -> Any:
            return type[kind]

    Kind.__name__ = Kind.__qualname__ = "type"
    Kind.__module__ = "builtins"
    return Kind("type", (), {"__module__": "builtins"})


class Views:
    """What stateless programs run with.

    `asked` says that the last one asked for more, `unknown` which package of the user's it
    imports that nobody has tried to import yet, `slow` that one takes longer than allowed.
    """

    def __init__(self) -> None:
        self.asked = self.slow = self.loading = self.gave_nothing = False
        self.unknown = ""
        self.packages: dict[str, str] = {}  # outside the library: "ok", "slow" or "failed"
        self.project: list[str] = []  # directories whose modules are the user's
        self._top = ""  # of the module under test
        self._modules: dict[str, types.ModuleType] = {}
        self.names: dict[str, Any] = {
            name: value for name, value in vars(builtins).items() if name not in _WITHHELD
        }
        del self.names["__build_class__"]
        self.names["__import__"] = self._import
        self.names["type"] = _kind(self.ask)
        self.offered = {id(value) for value in self.names.values()}  # kept alive by `names`

    @property
    def typing(self) -> types.ModuleType | None:
        """The view of that module, if anybody has imported it."""
        return self._modules.get("typing")

    def globals_for(self, module: str, path: str) -> dict[str, Any]:
        """Make the namespace that one program is executed in."""
        self.asked = self.slow = self.gave_nothing = False
        self.loading, self.unknown = True, ""
        self._top = module.partition(".")[0]
        fresh = types.ModuleType(module)
        fresh.__dict__.update(__builtins__=self.names, __file__=path)
        return fresh.__dict__

    def _import(
        self,
        name: str,
        _globals: Any = None,
        _locals: Any = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> types.ModuleType:
        """Do what `import` does, as far as there is a view."""
        top = name.partition(".")[0]
        if level or top == self._top or (fromlist and "*" in fromlist):
            self.ask(name)
        if name not in self._modules:
            self._find(name, top)
            self._known(name)
            for inner in range(name.count(".")):
                whole = name.rsplit(".", inner)[0]
                outer, _, last = whole.rpartition(".")
                above, below = self._known(outer), self._known(whole)
                above.__dict__.setdefault(last, below)
        return self._modules[name if fromlist else top]

    def _known(self, name: str) -> types.ModuleType:
        if name not in self._modules:  # a view that is not kept would leave its id to others
            self._modules[name] = self._view(name)
        return self._modules[name]

    def _find(self, name: str, top: str) -> None:
        """Return if a module can be imported and is nobody's but the interpreter's."""
        spec = find_spec(top)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
        if any((spec.origin or "").startswith(place) for place in self.project):
            self.ask(name)
        if top in sys.stdlib_module_names and (name == top or name in sys.modules):
            return
        tried = self.packages.get(name)
        if tried is None:
            self.unknown = name
        self.slow = tried == "slow"
        if tried != "ok":
            self.ask(name)

    def _view(self, name: str) -> types.ModuleType:
        """Make the view of a module; of most it shows nothing."""
        view = types.ModuleType(name)
        view.__dict__["__getattr__"] = self._missing
        if name in _VIEWS:
            module = vars(import_module(name))
            listed = _VIEWS[name]
            offered = [n for n in module if n[0] != "_"] if listed == "*" else listed.split()
            view.__dict__.update({n: module[n] for n in offered if n in module})
        self.offered.update(map(id, (view, *view.__dict__.values())))
        return view

    def _missing(self, name: str) -> Any:
        """Give nothing to a program that is being loaded: it may never use it."""
        if not self.loading or name[:1] == "_":
            self.ask(name)
        self.gave_nothing = True
        return Nothing(self.ask)

    def ask(self, name: str) -> Any:
        """Note that a program needs more than there is."""
        self.asked = True
        raise MoreAsked(name)


def harmless(code: types.CodeType) -> bool:
    """Say whether a program's or a case's code, by the names it uses, cannot reach state."""
    return all(
        _STATEFUL.isdisjoint(part.co_code[::2])
        and _WITHHELD.isdisjoint(part.co_names)
        and _LEADING.isdisjoint(part.co_names)
        and not any(_INNER.match(name) and name not in _HARMLESS for name in part.co_names)
        and not (part.co_flags & _GENERATORS and not _CLEANING.isdisjoint(part.co_code[::2]))
        and not _reads_inside(part)
        for part in _parts(code)
    )


def binds(code: types.CodeType) -> bool:
    """Say whether an expression binds a name in the namespace that it is evaluated in."""
    return _STORE_NAME in code.co_code[::2]


def _reads_inside(part: types.CodeType) -> bool:
    """Say whether code may read attributes that are not for others, or formats with any string."""
    if not any(name[0] == "_" or name == "format" for name in part.co_names):
        return False  # nearly always
    code, wide, start, before = part.co_code, 0, 0, None
    for at in range(0, len(code), 2):
        operation, argument = code[at], code[at + 1] | wide
        start = start if wide else at
        wide = argument << 8 if operation == _EXTENDED else 0
        if operation in _FILLERS:
            continue
        if operation in _ATTRIBUTES:
            name = part.co_names[argument >> _ATTRIBUTES[operation]]
            if name[0] == "_" and name.strip("_") and name not in _HARMLESS:
                return True
            if name == "format" and not (_formats_plainly(before) and start not in _labels(code)):
                return True
        before = part.co_consts[argument] if operation == _CONSTANT else None
    return False


def _labels(code: Any) -> list[int]:
    """Return where jumps lead, in bytes of code: what was loaded before may not be what is used."""
    return dis.findlabels(code)


def _formats_plainly(constant: object) -> bool:
    """Say whether what was just loaded is a format string that is known and harmless."""
    return type(constant) is str and _INNER_FIELD.search(constant) is None


def mentioned(code: types.CodeType) -> frozenset[str]:
    """Return the names that code uses, apart from variables."""
    return frozenset(name for part in _parts(code) for name in part.co_names)


def stateless(
    namespace: dict[str, Any], code: types.CodeType, used: frozenset[str], views: Views
) -> bool:
    """Say whether an executed program left nothing mutable that is ever looked at again.

    Args:
        namespace: its globals.
        code: the program.
        used: names that the cases mention.
        views: what it was executed with.
    """
    views.loading = False
    doubtful = {
        name
        for name, value in namespace.items()
        if name != "__builtins__" and (_remembers(value, views) or not _immutable(value, views))
    }
    if not doubtful:
        return True
    inner = [
        part
        for part in code.co_consts
        if isinstance(part, types.CodeType) and part.co_name != "__annotate__"
    ]
    return doubtful.isdisjoint(used.union(*map(mentioned, inner))) and not any(
        type(namespace[name]) is types.FunctionType for name in doubtful
    )


def _remembers(value: Any, views: Views) -> bool:
    """Say whether a value is of `typing`, which gives `List[1]` to who asks for `List[True]`."""
    return type(value).__module__ == "typing" or value is views.typing


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _parts(constant)


def _immutable(value: Any, views: Views) -> bool:
    kind = type(value)
    if kind in _ATOMS or id(value) in views.offered:
        return True
    if kind is types.FunctionType:
        kept = (value.__defaults__ or ()) + tuple((value.__kwdefaults__ or {}).values())
        plain = value.__closure__ is None and not value.__dict__
        return plain and all(_immutable(item, views) for item in kept)
    if kind in (tuple, frozenset):
        return all(_immutable(item, views) for item in value)
    if kind is re.Pattern:
        return True
    return kind.__module__ == "typing" and getattr(typing, kind.__name__, None) is kind
