"""Chart descriptions drawn with plotly: one template for light and dark, labels instead of legends, no chrome."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap
from typing import Any, Literal

import plotly.graph_objects as go

from planner.views.chart_spec import Axis, ChartSpec, Line, Mark, Role, Series

Theme = Literal["light", "dark"]

CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}
FONT = '"Source Sans", sans-serif'


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of one theme."""

    page: str
    text: str
    muted: str
    grid: str
    axis: str
    accent: str
    own: str
    context: str
    neutral: str
    band: str
    categories: tuple[str, str, str, str]
    inside: tuple[str, str, str, str]
    """Text inside a segment, by colour of the category."""
    errors: str
    hatch: str
    hover: str
    hover_edge: str
    limit: str


INKS: dict[Theme, Ink] = {
    "light": Ink(
        page="#FFFFFF", text="#1F2937", muted="#4B5563", grid="#EDF0F3", axis="#C9D0D8", accent="#0B6BB8",
        own="#1F2440", context="#6B7280", neutral="#687382", band="rgba(11,107,184,.13)",
        categories=("#0B6BB8", "#083F6D", "#4C93CF", "#687382"), inside=("#FFFFFF", "#FFFFFF", "#0E1117", "#FFFFFF"),
        errors="#F1F3F6", hatch="#788391", hover="#F6F8FA", hover_edge="#C9D0D8",
        limit="#B42318",
    ),
    "dark": Ink(
        page="#0E1117", text="#E5E7EB", muted="#A8B1BD", grid="#232A35", axis="#3A4351", accent="#5AB0F0",
        own="#E9F0D8", context="#868E96", neutral="#7C8794", band="rgba(90,176,240,.16)",
        categories=("#5AB0F0", "#A9D6F8", "#3A82BD", "#7C8794"), inside=("#0E1117", "#0E1117", "#0E1117", "#0E1117"),
        errors="#262D38", hatch="#8C96A5", hover="#1A1F29", hover_edge="#3A4351",
        limit="#FF8A80",
    ),
}

DASHES = {"solid": "solid", "dotted": "dot", "dashed": "dash"}
WIDTHS: dict[Role, float] = {"chosen": 3, "comparison": 2.5, "context": 1.5, "category": 1, "errors": 1, "band": 0}


def _trace(kind: str, **values: Any) -> dict[str, Any]:
    return {"type": kind, **values}


def inert(text: str) -> str:
    """A name as plotly text: nothing in it is markup.

    >>> inert("<b>Triage</b> & more")
    '&lt;b&gt;Triage&lt;/b&gt; &amp; more'
    """
    return escape(text, quote=False).replace("$", "&#36;")


@dataclass
class _Drawing:
    """Plain values of a figure: plotly checks them once at the end, which is many times faster than piece by piece."""

    layout: dict[str, Any]
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def write(self, **annotation: Any) -> None:
        self.annotations.append({"xref": "x", "yref": "y", "showarrow": False, **annotation})


def figure(spec: ChartSpec, theme: Theme = "light") -> go.Figure:
    """The chart as a plotly figure in one of the two themes."""
    ink = INKS[theme]
    drawn = _Drawing(_layout(spec, ink))
    if spec.kind in ("bars_stacked", "shares"):
        _draw_bars(drawn, spec, ink)
    elif spec.kind == "tornado":
        _draw_tornado(drawn, spec, ink)
    else:
        _draw_lines(drawn, spec, ink)
    layout = {**drawn.layout, "shapes": drawn.shapes, "annotations": drawn.annotations}
    return go.Figure({"data": drawn.traces, "layout": layout})


def _layout(spec: ChartSpec, ink: Ink) -> dict[str, Any]:
    return {
        "height": spec.height, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "dragmode": False,
        "font": {"family": FONT, "size": 13, "color": ink.muted}, "showlegend": False, "hovermode": "closest",
        "margin": {"l": 4, "r": 16, "t": 12, "b": 4, "pad": 0}, "separators": ".,",
        "hoverlabel": {"bgcolor": ink.hover, "bordercolor": ink.hover_edge, "align": "left",
                       "font": {"family": FONT, "size": 13, "color": ink.text}},
    }


def _role_colour(role: Role, ink: Ink) -> str:
    return {"chosen": ink.accent, "comparison": ink.own, "context": ink.context, "category": ink.neutral,
            "errors": ink.hatch, "band": ink.band}[role]


# Bars ----------------------------------------------------------------------------------------------------------------


def _draw_bars(drawn: _Drawing, spec: ChartSpec, ink: Ink) -> None:
    rows = list(range(len(spec.bars)))
    for series in spec.series:
        drawn.traces.append(_bar_trace(series, rows, ink))
    names = [f"<b>{inert(bar.name)}</b>" if bar.is_chosen else inert(bar.name) for bar in spec.bars]
    highest = spec.x.high or 1.0
    ends = any(bar.end_label for bar in spec.bars)
    drawn.layout.update(
        barmode="stack", bargap=0.42, showlegend=True, uniformtext={"minsize": 11, "mode": "hide"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "traceorder": "normal",
                "itemclick": False, "itemdoubleclick": False, "font": {"size": 12.5, "color": ink.muted}},
        margin={"l": 4, "r": 64 if ends else 8, "t": 30, "b": 4},
        xaxis={"visible": False, "range": [0, highest], "fixedrange": True},
        yaxis={"tickvals": rows, "ticktext": names, "autorange": False, "range": [len(rows) - 0.5, -0.5],
               "fixedrange": True, "automargin": True, "showgrid": False, "zeroline": False, "showline": False,
               "ticklabelstandoff": 6, "tickfont": {"size": 13, "color": ink.text}},
    )
    lengths = [sum(series.x[row] for series in spec.series) for row in rows]
    for row, bar in zip(rows, spec.bars, strict=True):
        if bar.end_label:
            text = f"<b>{inert(bar.end_label)}</b>" if bar.is_chosen else inert(bar.end_label)
            drawn.write(x=lengths[row], y=row, text=text, xanchor="left", xshift=8,
                                 font={"size": 13, "color": ink.text if bar.is_chosen else ink.muted})


def _bar_trace(series: Series, rows: list[int], ink: Ink) -> dict[str, Any]:
    if series.role == "errors":
        marker: dict[str, Any] = {
            "color": ink.errors, "line": {"color": ink.page, "width": 1.5},
            "pattern": {"shape": "/", "size": 6, "solidity": 0.22, "fgcolor": ink.hatch, "fillmode": "overlay"},
        }
    else:
        marker = {"color": ink.categories[series.position % 4], "line": {"color": ink.page, "width": 1.5}}
    return _trace(
        "bar",
        x=list(series.x), y=rows, orientation="h", name=inert(series.name), marker=marker,
        text=[inert(label) for label in series.segment_labels] or None, textposition="inside",
        insidetextanchor="middle", textangle=0, textfont={"size": 12.5, "color": ink.inside[series.position % 4]},
        hovertext=[inert(words) for words in series.hover] or None, hoverinfo="text" if series.hover else "skip",
    )


def _draw_tornado(drawn: _Drawing, spec: ChartSpec, ink: Ink) -> None:
    """Bars from the first line of the description to each value, with the input's own value at the end."""
    rows, middle = list(range(len(spec.bars))), spec.lines[0].at
    for series in spec.series:
        colour = ink.accent if series.role == "chosen" else ink.neutral
        drawn.traces.append(_trace(
            "bar", x=[value - middle for value in series.x], base=middle, y=rows, orientation="h", width=0.56,
            name=inert(series.name), marker={"color": colour}, hovertext=[inert(words) for words in series.hover],
            hoverinfo="text",
        ))
    for number, series in enumerate(spec.series):
        for row, (value, words) in enumerate(zip(series.x, series.segment_labels, strict=True)):
            others = [each.x[row] for i, each in enumerate(spec.series) if i != number]
            is_right = value > middle or (value == middle and all(each <= middle for each in others))
            drawn.write(x=value, y=row, text=inert(words), xanchor="left" if is_right else "right",
                        xshift=6 if is_right else -6, bgcolor=ink.page, font={"size": 12, "color": ink.muted})
    for number, line in enumerate(spec.lines):
        drawn.shapes.append({"type": "line", "xref": "x", "yref": "paper", "x0": line.at, "x1": line.at, "y0": 0,
                             "y1": 1, "line": {"color": ink.text if not number else ink.context, "width": 1.5,
                                               "dash": DASHES[line.dash]}})
        drawn.write(x=line.at, y=0.0 if number else 1.0, yref="paper", yanchor="top" if number else "bottom",
                    text=inert(line.label), font={"size": 12.5, "color": ink.muted if number else ink.text})
    lines = [wrap(bar.name, 21, max_lines=3, placeholder=" …", break_on_hyphens=False) for bar in spec.bars]
    names = ["<br>".join(inert(part) for part in parts) for parts in lines]
    drawn.layout.update(
        barmode="overlay", margin={"l": 4, "r": 4, "t": 26, "b": 22},
        xaxis={"visible": False, "range": [spec.x.low, spec.x.high], "fixedrange": True},
        yaxis={"tickvals": rows, "ticktext": names, "range": [len(rows) - 0.5, -0.5], "fixedrange": True,
               "automargin": True, "showgrid": False, "zeroline": False, "showline": False, "ticklabelstandoff": 6,
               "tickfont": {"size": 12, "color": ink.text}},
    )


# Lines and points ----------------------------------------------------------------------------------------------------


def _draw_lines(drawn: _Drawing, spec: ChartSpec, ink: Ink) -> None:
    ends = [part for series in spec.series for part in _broken(series.end_label) if part]
    has_title = bool(spec.x.label)
    drawn.layout.update(
        xaxis=_axis(spec.x, ink, True), yaxis=_axis(spec.y, ink, False),
        margin={"l": 58, "r": max([int(7 * len(label)) + 14 for label in ends], default=16), "t": 14,
                "b": 50 if has_title else 32},
    )
    for band in spec.bands:
        drawn.shapes.append({"type": "rect", "xref": "x", "yref": "paper", "x0": band.start, "x1": band.end, "y0": 0,
                             "y1": 1, "fillcolor": ink.band, "line": {"width": 0}, "layer": "below"})
        if band.label:
            middle = math.sqrt(band.start * band.end) if spec.x.scale == "log" else (band.start + band.end) / 2
            drawn.write(x=_at(middle, spec.x), y=1, yref="paper", yanchor="top", yshift=-6,
                                 text=inert(band.label), font={"size": 12, "color": ink.accent})
    for series in spec.series:
        _draw_line(drawn, series, spec, ink)
    for line in spec.lines:
        _draw_rule(drawn, line, spec, ink)
    for gap in spec.gaps:
        drawn.traces.append(_trace("scatter", x=[gap.x, gap.x], y=[gap.low, gap.high], mode="lines", hoverinfo="skip",
                                   line={"color": ink.own, "width": 3}))
        drawn.write(x=_at(gap.x, spec.x), y=(gap.low + gap.high) / 2, text=f"<b>{inert(gap.label)}</b>",
                              xanchor="left", xshift=12, bgcolor=ink.page,
                             font={"size": 13, "color": ink.text})
    _draw_points(drawn, spec, ink)
    for mark in spec.marks:
        _draw_label(drawn, mark, spec, ink)


def _axis(axis: Axis, ink: Ink, is_x: bool) -> dict[str, Any]:
    low, high = axis.low, axis.high
    limits = None if low is None or high is None else (
        [math.log10(low), math.log10(high)] if axis.scale == "log" else [low, high]
    )
    return {
        "type": "log" if axis.scale == "log" else "linear", "range": limits, "fixedrange": True, "zeroline": False,
        "title": {"text": inert(axis.label), "font": {"size": 12, "color": ink.muted}, "standoff": 8},
        "tickmode": "array", "tickvals": [value for value, _ in axis.ticks],
        "ticktext": [inert(text) for _, text in axis.ticks], "tickfont": {"size": 12, "color": ink.muted},
        "ticklabelstandoff": 4, "tickangle": 0, "showgrid": not is_x, "gridcolor": ink.grid, "showline": is_x,
        "linecolor": ink.axis,
        "ticks": "outside" if is_x else "", "ticklen": 4, "tickcolor": ink.axis, "visible": axis.is_shown,
        "minor": {"ticks": ""}, "automargin": not is_x,
    }


def _at(value: float, axis: Axis) -> float:
    """Where an annotation stands: on a log axis plotly takes the logarithm, while traces take the value."""
    return math.log10(value) if axis.scale == "log" else value


def _draw_line(drawn: _Drawing, series: Series, spec: ChartSpec, ink: Ink) -> None:
    colour = _role_colour(series.role, ink)
    if series.role == "band":
        drawn.traces.append(_trace("scatter", x=list(series.x), y=list(series.y), mode="lines", name=inert(series.name),
                                   fill="toself", fillcolor=colour, line={"width": 0}, hoverinfo="skip"))
        return
    front = spec.kind == "scatter"
    drawn.traces.append(
        _trace(
                "scatter",
            x=list(series.x), y=list(series.y), mode="lines", name=inert(series.name), cliponaxis=True,
            line={"color": ink.axis if front else colour, "width": 1.2 if front else WIDTHS[series.role],
                  "dash": DASHES[series.dash], "simplify": False},
            hovertext=[inert(words) for words in series.hover] or None, hoverinfo="text" if series.hover else "skip",
        )
    )
    if series.end_label:
        words = "<br>".join(inert(part) for part in _broken(series.end_label))
        text = f"<b>{words}</b>" if series.role == "chosen" else words
        drawn.write(x=_at(series.x[-1], spec.x), y=_at(series.y[-1], spec.y), text=text,
                             xanchor="left", xshift=8, yshift=-series.end_shift, align="left",
                             font={"size": 13, "color": colour if series.role == "chosen" else ink.muted})


def _broken(label: str) -> list[str]:
    """A label in lines, so that it stays narrow on a phone.

    >>> _broken("Total; dotted: at random"), _broken("Invoice only")
    (['Total;', 'dotted: at random'], ['Invoice only'])
    """
    return re.sub(r"([,;]) ", "\\1\n", label).split("\n")


def _draw_rule(drawn: _Drawing, line: Line, spec: ChartSpec, ink: Ink) -> None:
    at, label = line.at, line.label
    style = {"color": ink.limit if line.is_limit else ink.context, "width": 1.5, "dash": DASHES[line.dash]}
    if line.axis == "x":
        drawn.shapes.append({"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
                             "line": style, "layer": "below"})
        drawn.write(x=_at(at, spec.x), y=1, yref="paper", yanchor="top", yshift=-4, xanchor="left", xshift=9,
                             text=f"<b>{inert(label)}</b>", font={"size": 13, "color": ink.text})
    else:
        if line.is_limit and spec.x.low is not None:  # a trace, so that no band dulls it and no mark is struck through
            drawn.traces.append(_trace("scatter", x=[spec.x.low, spec.x.high], y=[at, at], mode="lines", line=style,
                                       hoverinfo="skip"))
            style = {**style, "width": 0}
        drawn.shapes.append({"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": at, "y1": at,
                             "line": style, "layer": "below"})
        drawn.write(x={"left": 0.0, "center": 0.5, "right": 1.0}[line.anchor], xref="paper", xanchor=line.anchor,
                    y=_at(at, spec.y), yshift=-10 if line.is_below else 10, text=inert(label),
                    font={"size": 12, "color": ink.limit if line.is_limit else ink.muted})


def _draw_points(drawn: _Drawing, spec: ChartSpec, ink: Ink) -> None:
    """All marks in as few traces as plotly needs: one per look."""
    looks: dict[tuple[str, str, bool], list[Mark]] = {}
    for mark in spec.marks:
        if mark.shape != "none":
            looks.setdefault((mark.shape, mark.role, bool(mark.label)), []).append(mark)
    for (shape, role, is_named), marks in looks.items():
        colour = _role_colour(role, ink)  # type: ignore[arg-type]
        is_open = shape in ("ring", "diamond")
        width = 2 if is_open and is_named else 1.5
        edge = ink.text if shape == "diamond" else colour
        drawn.traces.append(
            _trace(
                "scatter",
                x=[mark.x for mark in marks], y=[mark.y for mark in marks], mode="markers", cliponaxis=False,
                hovertext=[inert(mark.hover or mark.label) for mark in marks], hoverinfo="text",
                marker={"size": 11 if is_named else 7, "symbol": "diamond" if shape == "diamond" else "circle",
                        "color": ink.page if is_open else colour,
                        "line": {"width": width, "color": edge if is_open else ink.page}},
            )
        )


def _draw_label(drawn: _Drawing, mark: Mark, spec: ChartSpec, ink: Ink) -> None:
    if not mark.label:
        return
    words = "<br>".join(map(inert, mark.label.rsplit(", ", 1) if spec.kind == "curve" else [mark.label]))
    text = f"<b>{words}</b>" if mark.is_bold else words
    colour = ink.accent if mark.role == "chosen" and spec.kind != "curve" else (
        ink.text if mark.is_bold or mark.role in ("chosen", "comparison") else ink.muted)
    where = {"x": _at(mark.x, spec.x), "y": _at(mark.y, spec.y), "text": text,
             "font": {"size": 13 if mark.is_bold or mark.role != "context" else 12, "color": colour}}
    if mark.has_leader:
        drawn.write(**where, showarrow=True, arrowhead=0, arrowwidth=1, arrowcolor=ink.axis, ax=mark.dx, ay=mark.dy,
                    standoff=6, xanchor=mark.anchor)
    else:
        drawn.write(**where, xanchor=mark.anchor, xshift=mark.dx, yshift=-mark.dy)
