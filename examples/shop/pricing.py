"""Prices, all in cents unless said otherwise."""


def apply_discount(price: int, percent: int) -> int:
    """Take `percent` off a price, rounding down to whole cents.

    Raises ValueError when the percentage is not between 0 and 100.
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"not a percentage: {percent}")
    return price - price * percent // 100


def bulk_price(unit_price: int, quantity: int) -> int:
    """Price of `quantity` pieces; from 10 pieces on, each is 5 % cheaper.

    >>> bulk_price(100, 9)
    900
    >>> bulk_price(100, 10)
    950
    """
    total = unit_price * quantity
    if quantity > 10:
        total = total * 95 // 100
    return total


def shipping_cost(weight: float, express: bool = False) -> int:
    """Cost of sending a parcel by its weight in kilograms."""
    if weight <= 0:
        raise ValueError("weight must be positive")
    if weight <= 1:
        cost = 390
    elif weight <= 5:
        cost = 590
    else:
        cost = 590 + 100 * int(weight - 5)
    return cost * 2 if express else cost


def split_bill(total: int, people: int) -> list[int]:
    """Split a sum as evenly as whole cents allow; the first ones pay the odd cents."""
    share, rest = divmod(total, people)
    return [share + 1] * rest + [share] * (people - rest)


def clamp(value: int, low: int, high: int) -> int:
    """Return `value`, but not less than `low` and not more than `high`.

    >>> clamp(5, 1, 10)
    5
    >>> clamp(-3, 0, 10)
    0
    >>> clamp(42, 0, 10)
    10
    """
    raise NotImplementedError
