"""What programs run with that share a process: names and modules without state.

Child side: standard library only, imports nothing of ours. Built-in names that compute and no
others, and *views* of modules, which hold functions that keep nothing between calls. Asking for
more is noticed, and the program then runs in a process of its own (see `vet`).
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def words(*lines: str) -> frozenset[str]:
    """Split lines of names."""
    return frozenset(" ".join(lines).split())


# Built-in names that read or write state, reach into objects by strings, or differ by process.
WITHHELD = words(
    "breakpoint compile copyright credits delattr dir eval exec exit getattr globals hasattr help",
    "id license locals memoryview open quit setattr super vars",
)

# What a view of a module offers: functions that keep nothing between calls, and constants.
VIEWS: dict[str, str] = {
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


class MoreAsked(BaseException):
    """A program asked for something it has no view of; not for `except` clauses."""


class Nothing:
    """Stands for a name that a program imports and never uses; any use is noticed."""

    def __init__(self, use: Callable[..., Any]) -> None:
        object.__setattr__(self, "_use", use)


def _noticed(self: Nothing, *_: object, **__: object) -> Any:
    return object.__getattribute__(self, "_use")("a name without a view")


for _name in words(
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
            name: value for name, value in vars(builtins).items() if name not in WITHHELD
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
        if name in VIEWS:
            module = vars(import_module(name))
            listed = VIEWS[name]
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
