// SPDX-License-Identifier: Apache-2.0
"use strict";
// Line charts of the last five minutes, as SVG. A chart keeps at most `Chart.limit` samples and a fixed number of
// elements, so that a page that is open for days does not grow.

const SVG = "http://www.w3.org/2000/svg";

/** Creates an element; text is inserted as text, never as markup. */
function element(name, properties = {}, ...children) {
  const made = properties.svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value == null || key === "svg") continue;
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

class Chart {
  static window = 300; // seconds
  static limit = 330;

  /** series: [{label, read: (state) => number or null}]; format: (number) => text. */
  constructor(title, series, format) {
    Object.assign(this, { title, series, format, samples: [], described: 0 });
    this.svg = element("svg", { svg: true, viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img" });
    this.svg.append(
      element("line", { svg: true, x1: 0, x2: 300, y1: 99.5, y2: 99.5 }),
      element("line", { svg: true, x1: 0, x2: 300, y1: 50, y2: 50 }));
    this.area = this.svg.appendChild(element("path", { svg: true, class: "area s0" }));
    this.lines = series.map((_, index) =>
      this.svg.appendChild(element("path", { svg: true, class: "s" + index })));
    this.cursor = this.svg.appendChild(element("line", { svg: true, class: "at", y1: 0, y2: 100, x1: -9, x2: -9 }));
    this.top = element("span", { class: "top" });
    this.values = series.map(() => element("b", { text: "–" }));
    this.left = element("span", { text: "5 min ago" });
    const legend = series.map((one, index) =>
      element("span", { class: "s" + index }, element("i"), one.label + " ", this.values[index]));
    const plot = element("div", {
      class: "plot",
      onpointermove: (event) => this.point((event.offsetX / plot.clientWidth) * Chart.window),
      onpointerleave: () => this.point(null),
    }, this.svg, this.top);
    this.node = element("figure", { class: "chart" }, element("figcaption", { text: title }),
      element("div", { class: "legend" }, ...legend), plot,
      element("div", { class: "axis", "aria-hidden": "true" }, this.left, element("span", { text: "now" })));
  }

  /** Adds the numbers of one state; `seconds` is the page's own clock. */
  add(seconds, state) {
    const read = (one) => {
      const value = one.read(state);
      return Number.isFinite(value) && value >= 0 ? value : null;
    };
    this.samples.push({ at: seconds, values: this.series.map(read) });
    if (this.samples.length > Chart.limit) this.samples.splice(0, this.samples.length - Chart.limit);
  }

  /** Highlights the sample nearest to a place in the window, in seconds from its left edge; null ends it. */
  point(place) {
    this.place = place;
    this.draw();
  }

  draw() {
    const last = this.samples.at(-1);
    if (!last) return;
    const start = last.at - Chart.window;
    const shown = this.samples.filter((sample) => sample.at >= start - 2);
    const highest = Math.max(0, ...shown.flatMap((sample) => sample.values.map((value) => value ?? 0)));
    const top = Chart.round(highest);
    this.top.textContent = this.format(top);
    this.lines.forEach((line, index) => line.setAttribute("d", Chart.path(shown, index, start, top).line));
    this.area.setAttribute("d", Chart.path(shown, 0, start, top).area);
    const at = this.place == null ? last : shown.reduce((best, sample) =>
      Math.abs(sample.at - start - this.place) < Math.abs(best.at - start - this.place) ? sample : best);
    const x = this.place == null ? -9 : at.at - start;
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    const texts = at.values.map((value) => (value == null ? "–" : this.format(value)));
    texts.forEach((text, index) => { this.values[index].textContent = text; });
    this.left.textContent = this.place == null ? "5 min ago" : Math.round(last.at - at.at) + " s ago";
    if (last.at - this.described >= 15) { // the description is for screen readers: seldom
      this.described = last.at;
      const now = this.series.map((one, index) => one.label + " " + texts[index]).join(", ");
      this.svg.setAttribute("aria-label", `${this.title}: ${now}; highest in five minutes ${this.format(highest)}`);
    }
  }

  /** The line and the area below it; a gap of more than five seconds, or a missing value, breaks them. */
  static path(samples, index, start, top) {
    let line = "", area = "", run = [];
    const end = () => {
      if (run.length) {
        const points = run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
        line += "M" + points + (run.length === 1 ? "h1" : "");
        area += `M${run[0][0].toFixed(1)} 100L${points}L${run.at(-1)[0].toFixed(1)} 100Z`;
      }
      run = [];
    };
    let previous = -Infinity;
    for (const sample of samples) {
      const value = sample.values[index];
      if (value == null || sample.at - previous > 5) end();
      if (value != null) run.push([sample.at - start, 99 - (value / top) * 94]);
      previous = sample.at;
    }
    end();
    return { line, area };
  }

  /** The next of 1, 2, 5, 10, 20, 50 … that is not less than the number. */
  static round(number) {
    if (number <= 1) return 1;
    const power = 10 ** Math.floor(Math.log10(number));
    return [1, 2, 5, 10].find((step) => step * power >= number) * power;
  }
}
