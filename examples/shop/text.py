"""Words on labels and in addresses."""


def slugify(title):
    """Make the last part of a web address: slugify("Blue Mug!") == "blue-mug"."""
    words = "".join(c.lower() if c.isalnum() else " " for c in title).split()
    return "-".join(words)


def initials(name: str) -> str:
    """First letters of a name, in capitals."""
    return "".join(part[0].upper() for part in name.split())


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 mug`, `2 mugs`, `3 boxes`."""
    if count == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count} {noun}{ending}"


def shorten(text: str, width: int = 20) -> str:
    """Cut a text to `width` characters, the last three being dots when it was cut."""
    if len(text) <= width:
        return text
    return text[: max(width - 3, 0)].rstrip() + "..."
