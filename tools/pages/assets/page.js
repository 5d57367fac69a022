// Draws the curves of a report with uPlot. The numbers are JSON within the page (chart_json.h says
// how); what is drawn where, and all that is not a curve, is HTML already.
(() => {
    "use strict";
    const charts = JSON.parse(document.getElementById("charts").textContent);
    const kSeriesColours = 6, kWide = 640;

    // --- Numbers as text, as figure_text.cpp writes them -----------------------------------------

    // Each unit and its size, the largest first.
    const kUnits = {
        number: [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3], ["", 1]],
        seconds: [["s", 1], ["ms", 1e-3], ["µs", 1e-6], ["ns", 1e-9]],
        bytes: [["TiB", 2 ** 40], ["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]],
        share: [["%", 0.01]],
    };
    const unit_of = (axis, size) => {
        const units = kUnits[axis.quantity];
        return units.find(([, unit]) => size >= 0.9995 * unit) ?? units[units.length - 1];
    };
    const percent = (share) => `${Number((100 * share).toPrecision(9))} %`;
    const joined = (...words) => words.filter((word) => word !== "").join(" ");

    // A value beside its name: "1.25 ms", "20.1 M events/s".
    function value_text(axis, value) {
        if (value == null) return "–";
        if (axis.scale === "nines") return percent(value);
        const [name, unit] = unit_of(axis, Math.abs(value));
        const scaled = value / unit;
        const digits = Math.abs(scaled) >= 999.5 ? Math.round(scaled)
                                                 : Number(scaled.toPrecision(3));
        return joined(String(digits), name, axis.unit);
    }

    // Behind the point, so that neighbours differ: 2.5 has one.
    function digits_of(step) {
        let digits = 0;
        for (; digits < 9; ++digits) {
            const scaled = step * 10 ** digits;
            if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) break;
        }
        return digits;
    }

    // The numbers along an axis. The axis says the unit of the events; a linear one has one prefix.
    function tick_texts(axis, ticks, step) {
        const largest = Math.max(...ticks.map((tick) => Math.abs(tick ?? 0)));
        return ticks.map((tick) => {
            if (tick == null) return "";
            if (axis.scale === "nines") return percent(1 - 1 / tick);
            const [name, unit] = unit_of(axis, axis.scale === "log" ? tick : largest);
            const scaled = axis.scale === "log" ? (tick / unit).toPrecision(3)
                                                : (tick / unit).toFixed(digits_of(step / unit));
            return tick === 0 ? "0" : joined(String(Number(scaled)), name);
        });
    }

    // --- Scales and axes -------------------------------------------------------------------------

    // The nines axis is the logarithm of 1 in how many: 90 % is 1 in 10, 99 % is 1 in 100.
    const place = (axis, value) => (axis.scale === "nines" ? 1 / (1 - value) : value);
    const value_at = (axis, at) => (axis.scale === "nines" ? 1 - 1 / at : at);

    function x_range(chart, low, high) {
        const axis = chart.x;
        if (low == null) return axis.scale === "linear" ? [0, 1] : [1, 10];
        if (low !== chart.low || high !== chart.high) return [low, high];  // Zoomed in.
        const marks = chart.marks.filter((mark) => mark.vertical).map((mark) => mark.at);
        low = Math.min(low, ...marks);
        high = Math.max(high, ...marks);
        if (axis.scale === "linear" && low > 0 && low < 0.05 * high) low = 0;
        if (axis.scale === "nines") return [1, Math.max(10, high * 1.15)];
        if (axis.scale === "log") return [low / 1.15, high * 1.15];
        const pad = chart.padded ? 0.03 * (high - low) || 0.5 : 0;
        return high > low ? [low - pad, high + pad] : [low - 0.5, high + 0.5];
    }

    // A linear axis shows zero, so that heights can be compared. Marks have their names at the top.
    function y_range(chart, low, high) {
        const marks = chart.marks.filter((mark) => !mark.vertical).map((mark) => mark.at);
        low = Math.min(low ?? Infinity, ...marks);
        high = Math.max(high ?? -Infinity, ...marks);
        const has_names = chart.marks.some((mark) => mark.vertical);
        if (chart.y.scale === "log") {
            return low === Infinity ? [1, 10] : [low / 1.3, high * (has_names ? 3 : 1.5)];
        }
        return [low < 0 ? low * 1.08 : 0, high > 0 ? high * (has_names ? 1.25 : 1.08) : 1];
    }

    // Powers of ten, as many as there is room for; between few of them twice and five times each.
    function log_ticks(u, index, low, high) {
        const axis = u.axes[index];
        const length = (axis.side % 2 === 1 ? u.bbox.height : u.bbox.width) / uPlot.pxRatio;
        const most = Math.max(2, Math.floor((length || 250) / axis._space));
        const first = Math.floor(Math.log10(low) + 1e-9), last = Math.ceil(Math.log10(high));
        const ticks_of = (step, factors) => {
            const ticks = [];
            for (let power = first; power <= last; power += step) {
                for (const factor of factors) ticks.push(factor * 10 ** power);
            }
            return ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high);
        };
        const fine = axis.scale === "x" ? [] : ticks_of(1, [1, 2, 5]);
        const is_fine = fine.length > 0 && fine.length <= most;
        return is_fine ? fine : ticks_of(Math.ceil((last - first) / most), [1]);
    }

    // As wide as the longest of the numbers beside it, but charts below each other begin alike.
    function axis_width(u, texts, index, cycle) {
        const axis = u.axes[index];
        if (cycle > 1) return axis._size;
        const longest = (texts ?? []).reduce((a, b) => (b.length > a.length ? b : a), "");
        u.ctx.font = axis.font[0];
        return Math.max(54, Math.ceil(axis.ticks.size + axis.gap + 4 +
                                      u.ctx.measureText(longest).width / uPlot.pxRatio));
    }

    const kPowersOfTwo = Array.from({length: 60}, (_, power) => 2 ** power);

    function axis_options(axis, scale, vertical, colour) {
        return {
            scale, side: vertical ? 3 : 2, label: joined(axis.label, axis.unit && `(${axis.unit})`),
            stroke: colour("--quiet"), font: "12px system-ui, sans-serif",
            labelFont: "12px system-ui, sans-serif", labelSize: 20, labelGap: vertical ? 2 : 0,
            gap: 4, space: vertical ? 34 : 74,
            grid: {stroke: colour("--line"), width: 1},
            ticks: {stroke: colour("--line"), width: 1, size: 4},
            values: (u, ticks, index, space, step) => tick_texts(axis, ticks, step),
            size: vertical ? axis_width : 28,
            ...(axis.scale === "linear" ? {} : {splits: log_ticks, filter: (u, ticks) => ticks}),
            ...(axis.quantity === "bytes" && axis.scale === "linear" ? {incrs: kPowersOfTwo} : {}),
        };
    }

    // --- Series and marks ------------------------------------------------------------------------

    function series_options(chart, series, index, colour) {
        const stroke = colour(`--series-${index % kSeriesColours}`);
        const options = {
            label: series.name, scale: "y", stroke, width: 2,
            dash: index >= kSeriesColours ? [6, 3] : undefined,
            value: (u, value) => value_text(chart.y, value),
            points: {size: 6, fill: stroke, width: 0},
        };
        if (series.shape === "step") {
            options.paths = uPlot.paths.stepped({align: -1});
            options.points = {show: false};
        }
        if (series.shape === "bars") {
            options.paths = uPlot.paths.bars({size: [0.8, 48]});
            options.fill = stroke;
            options.points = {show: false};
        }
        if (series.shape === "points") {
            options.paths = () => null;
            options.points = {show: true, size: 10, width: 2, fill: colour("--paper")};
        }
        return options;
    }

    const mark_text = (chart, mark) => `${mark.label}, ${mark.vertical
        ? value_text(chart.x, value_at(chart.x, mark.at)) : value_text(chart.y, mark.at)}`;

    function draw_mark(u, chart, mark, colour) {
        const {ctx, bbox} = u, ratio = uPlot.pxRatio;
        const along = u.valToPos(mark.at, mark.vertical ? "x" : "y", true);
        const [start, length] = mark.vertical ? [bbox.left, bbox.width] : [bbox.top, bbox.height];
        if (!(along >= start - 1 && along <= start + length + 1)) return;
        ctx.save();
        ctx.strokeStyle = ctx.fillStyle = colour("--ink");
        ctx.lineWidth = 1.25 * ratio;
        ctx.setLineDash([5 * ratio, 4 * ratio]);
        ctx.beginPath();
        ctx.moveTo(mark.vertical ? along : bbox.left, mark.vertical ? bbox.top : along);
        ctx.lineTo(mark.vertical ? along : bbox.left + bbox.width,
                   mark.vertical ? bbox.top + bbox.height : along);
        ctx.stroke();
        ctx.font = `${12 * ratio}px system-ui, sans-serif`;
        const late = mark.vertical && along > bbox.left + 0.6 * bbox.width;
        ctx.textAlign = late ? "right" : "left";
        ctx.textBaseline = mark.vertical ? "top" : "bottom";
        const gap = 5 * ratio;
        const label = [mark_text(chart, mark),
                       mark.vertical ? along + (late ? -gap : gap) : bbox.left + gap,
                       mark.vertical ? bbox.top + gap : along - gap / 2];
        ctx.setLineDash([]);
        ctx.strokeStyle = colour("--paper");  // A halo, where a curve runs behind it.
        ctx.lineWidth = 4 * ratio;
        ctx.strokeText(...label);
        ctx.fillText(...label);
        ctx.restore();
    }

    // --- A chart ---------------------------------------------------------------------------------

    // The columns of uPlot: one of x, in which the points of all series have a place, and one each.
    function columns(chart) {
        const tables = chart.series.map((series) => [
            chart.xs[series.x].map((x) => place(chart.x, x)), series.y]);
        return tables.length === 0 ? [[]] : uPlot.join(tables);
    }

    function options_of(chart, colour) {
        const scales = {
            x: {time: false, distr: chart.x.scale === "linear" ? 1 : 3,
                range: (u, low, high) => x_range(chart, low, high)},
            y: {distr: chart.y.scale === "log" ? 3 : 1,
                range: (u, low, high) => y_range(chart, low, high)},
        };
        return {
            scales, axes: [axis_options(chart.x, "x", false, colour),
                           axis_options(chart.y, "y", true, colour)], padding: [10, chart.x.scale === "nines" ? 30 : 14, 0, 0],
            series: [
                {label: chart.x.label, value: (u, at) => value_text(
                    chart.x, at == null ? at : value_at(chart.x, at))},
                ...chart.series.map((s, index) => series_options(chart, s, index, colour)),
            ],
            cursor: {sync: chart.cursor ? {key: chart.cursor, setSeries: false} : undefined,
                     focus: {prox: 24}, points: {size: 8}},
            focus: {alpha: 0.35},
            legend: {markers: {dash: (u, index) => (u.series[index].dash ? "dashed" : "solid")}},
            hooks: {draw: [(u) => {
                for (const mark of chart.marks) draw_mark(u, chart, mark, colour);
            }]},
        };
    }

    // The legend hides and shows series with a click; the keyboard may do it, too.
    function open_legend(plot) {
        plot.root.querySelectorAll(".u-legend .u-series").forEach((row, index) => {
            if (index === 0) return;
            const head = row.querySelector("th");
            const tell = () =>
                head.setAttribute("aria-pressed", String(!row.classList.contains("u-off")));
            head.tabIndex = 0;
            head.setAttribute("role", "button");
            head.addEventListener("keydown", (event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                head.click();
            });
            head.addEventListener("click", () => setTimeout(tell));
            tell();
        });
    }

    // Charts below each other over the same time are lower.
    const fit = (chart, element) => ({
        width: element.clientWidth,
        height: chart.cursor ? 220 : element.clientWidth < kWide ? 280 : 360,
    });

    function draw(chart, element) {
        const style = getComputedStyle(document.documentElement);
        const colour = (name) => style.getPropertyValue(name).trim();
        const data = columns(chart);
        chart.low = data[0][0];
        chart.high = data[0][data[0].length - 1];
        chart.padded = !chart.cursor &&
            chart.series.some((s) => s.shape === "bars" || s.shape === "points");
        element.replaceChildren();
        const options = {...options_of(chart, colour), ...fit(chart, element)};
        const plot = new uPlot(options, data, element);
        open_legend(plot);
        return plot;
    }

    for (const chart of charts) {
        for (const mark of chart.marks) if (mark.vertical) mark.at = place(chart.x, mark.at);
    }
    const elements = charts.map((chart, index) => document.getElementById(`plot-${index}`));
    let plots = charts.map((chart, index) => draw(chart, elements[index]));
    const resize = () => plots.forEach((plot, index) => {
        const size = fit(charts[index], elements[index]);
        if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size);
    });
    // In the next frame: drawing within the observer's call would change what it observes.
    const sizes = new ResizeObserver(() => requestAnimationFrame(resize));
    elements.forEach((element) => sizes.observe(element));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        plots.forEach((plot) => plot.destroy());
        plots = charts.map((chart, index) => draw(chart, elements[index]));
    });
})();
