"""Values of NumPy and pandas, as far as they are installed."""

from __future__ import annotations

import pytest

from pytest_genx.sandboxes.worker.canonical import ROOM
from pytest_genx.sandboxes.worker.observe import observe

LIMIT = 1 << 16


def digest(value):
    """Return the digest of a value that must have one."""
    found = observe(value, {}, LIMIT).digest
    assert found is not None
    return found


def test_arrays_are_told_apart_by_type_shape_and_content():
    """Long ones by all of their bytes, which `repr` leaves out."""
    np = pytest.importorskip("numpy")
    long, other = np.zeros(10**5), np.zeros(10**5)
    other[50_000] = 1
    values = [
        np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([[1], [2]]),
        np.array([1, 3]), np.array([], dtype=int), np.array([], dtype=float), np.array(1), [1, 2],
        np.array([0.0]), np.array([-0.0]), np.array([np.nan]), np.array(["a"]), np.array([b"a"]),
        np.array(["2020-01-01"], "M8[D]"), np.array(["NaT"], "M8[D]"),
        np.array([(1, 2)], "i4,i4"),
        np.array([1, "a", None], dtype=object), np.array([1, "b", None], dtype=object),
        long, other,
        np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0]), np.dtype("i4"),
        np.int64,
        np.int64(1), np.int32(1), np.float64(1), np.bool_(True), np.str_("a"),
        np.datetime64("2020"),
        np.longdouble(1), np.complex64(1j),
    ]  # fmt: skip
    assert len({digest(value) for value in values}) == len(values)
    assert digest(np.array([1, 2])) == digest(np.array([9, 1, 2])[1:])
    assert digest(np.arange(6.0).reshape(2, 3).T) == digest(np.array([[0.0, 3], [1, 4], [2, 5]]))
    assert digest(np.arange(5000)[::2]) == digest(np.arange(0, 5000, 2))
    assert digest({"a": np.ones(2)}) == digest({"a": np.ones(2)})
    assert digest(np.empty(ROOM * 2, dtype=object)) is not None


def test_a_scalar_has_an_expression_where_numpy_has_a_name():
    """The name is the one that the program gave it."""
    np = pytest.importorskip("numpy")
    for value in (np.int32(3), np.float64(0.1), np.bool_(True), np.str_("a")):
        for alias in ("np", "numpy", "xp"):
            seen = observe(value, {alias: np, "z": np}, LIMIT)
            assert seen.value is not None
            assert seen.value.startswith(f"{alias}." if alias != "xp" else ("xp.", "z."))
            again = eval(seen.value, {alias: np, "z": np})
            assert (again, type(again)) == (value, type(value))
        assert observe(value, {}, LIMIT).value is None
    assert observe(np.float64("nan"), {"np": np}, LIMIT).value is None
    assert observe([np.int64(1), 2], {"np": np}, LIMIT).value == "[np.int64(1), 2]"


def test_an_array_that_compares_item_by_item_has_no_expression():
    """`assert f() == TEXT` would be an error; one item is a truth."""
    np = pytest.importorskip("numpy")
    assert observe(np.array([1, 2]), {"np": np}, LIMIT).value is None
    seen = observe(np.array([1.5]), {"np": np}, LIMIT)
    assert seen.value == "np.array([1.5], dtype='<f8')"


def test_pandas_values_are_told_apart_by_type_labels_and_content():
    """Frames, series, indexes and stamps."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    values = [
        frame, frame.rename(columns={"a": "c"}), frame.astype({"a": float}),
        frame[["b", "a"]],
        frame.set_index("b"), frame.iloc[:1], frame.iloc[:0], pd.DataFrame(), frame["a"],
        frame["b"],
        frame["a"].rename("c"), pd.Series([1.0, None]), pd.Series([1.0, 2.0]), pd.Index([1, 2]),
        pd.Index([1.0, 2.0]), pd.Index([1, 2], name="n"), pd.RangeIndex(2),
        pd.MultiIndex.from_tuples([(1, "a")]), pd.date_range("2020", periods=2),
        pd.date_range("2020", periods=2, tz="UTC"), pd.Categorical(["a", "b"]),
        pd.array([1, None]),
        pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02"),
        pd.Timestamp("2020-01-01", tz="UTC"),
        pd.Timedelta("1D"), pd.Period("2020-01"), pd.Interval(1, 2), pd.NaT, pd.NA,
    ]  # fmt: skip
    assert len({digest(value) for value in values}) == len(values)
    assert (
        digest(frame)
        == digest(frame.copy())
        == digest(pd.DataFrame({"a": [1, 2], "b": list("xy")}))
    )
    assert digest(pd.Series(range(ROOM))) != digest(pd.Series(range(ROOM + 1)))
    seen = observe(pd.Timestamp("2020-01-01"), {"pd": pd}, LIMIT)
    assert seen.value == "pd.Timestamp('2020-01-01 00:00:00')"
    assert observe(frame, {"pd": pd}, LIMIT).value is None


def test_a_class_of_another_package_by_the_same_name_is_not_taken_for_an_array():
    """Names are looked up with the package; hostile attributes are not called."""

    class ndarray:  # noqa: N801 -- as theirs
        size = 3

        def tolist(self):
            raise SystemExit

    first, second = ndarray(), ndarray()
    second.x = 1
    assert digest(first) != digest(second)
    ndarray.__module__ = "numpy"
    assert digest(ndarray())
