"""One HTML page that needs nothing else: the Markdown of a report, and pictures as SVG."""

from __future__ import annotations

import html
import re

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1a1a1b;--soft:#f3f3f4;--line:#cfcfd3;
--dim:#5c5c63}
@media(prefers-color-scheme:dark){:root{--paper:#17181c;--ink:#e4e4e7;--soft:#23252b;--line:#42444d;
--dim:#a4a4ad}svg{filter:brightness(1.3)}}
body{font:15px/1.5 system-ui,sans-serif;max-width:84em;margin:2em auto;padding:0 1em;
background:var(--paper);color:var(--ink)}
h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid var(--line)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:12.5px;
font-variant-numeric:tabular-nums}
td,th{border:1px solid var(--line);padding:.2em .5em;text-align:left;white-space:nowrap}
th{background:var(--soft)}
pre{background:var(--soft);padding:.6em;overflow-x:auto;font-size:13px}code{font-size:13px}
figure{margin:1em 0}figcaption{color:var(--dim)}svg{max-width:100%;height:auto}
"""


def page(title: str, sections: list[tuple[str, str]], drawn: dict[str, tuple[str, str]]) -> str:
    """Write the page.

    Args:
        title: of the page.
        sections: heading and Markdown; a line `![text](folder/NAME.png)` is a picture.
        drawn: by name what a picture shows, and its SVG.
    """
    body = "\n".join(
        f"<h2>{html.escape(head)}</h2>\n{_html(text, drawn)}" for head, text in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style></head><body>\n"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def _html(text: str, drawn: dict[str, tuple[str, str]]) -> str:
    """Turn the Markdown made here into HTML: tables, fences, pictures, paragraphs, no more."""
    found: list[str] = []
    blocks = text.split("\n\n")
    while blocks:
        block = blocks.pop(0)
        if block.startswith("```"):
            while not block.endswith("\n```"):
                block += "\n\n" + blocks.pop(0)
            code = block.partition("\n")[2].removesuffix("\n```")
            found.append(f"<pre>{html.escape(code)}</pre>")
        elif block.startswith("|"):
            first, _, *rest = [line.strip("| ").split(" | ") for line in block.split("\n")]
            rows = [_row("th", first), *(_row("td", row) for row in rest)]
            found.append(f'<div class="wide"><table>{"".join(rows)}</table></div>')
        elif match := re.fullmatch(r"!\[.*\]\((?:.*/)?([\w-]+)\.png\)", block):
            caption, svg = drawn[match[1]]
            found.append(f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>")
        else:
            found.append(f"<p>{_inline(block)}</p>")
    return "\n".join(found)


def _row(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_inline(c.strip())}</{tag}>" for c in cells) + "</tr>"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text))
