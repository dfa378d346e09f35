// Draws each <div data-chart='{"x": […], "series": [{"name", "values", "tone", "kind"}], "target": number}'>.
// The legend is in the page, so that it can be read without scripts, too.
// tone: a colour of page.css. kind: "line" (default), "step", "bar", "dashed". The table beside a chart says the same.
"use strict";
(() => {
  const charts = [];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print");
  const TONES = { counted: "--brand", sure: "--pale", open: "--wait", pace: "--soft", good: "--good", ink: "--ink" };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function series(one) {
    const shade = colour(TONES[one.tone] || "--brand");
    const isBar = one.kind === "bar";
    return {
      name: one.name, type: isBar ? "bar" : "line", data: one.values, stack: one.stack, silent: false,
      step: one.kind === "step" ? "end" : false, showSymbol: false, connectNulls: false, barMaxWidth: 28,
      lineStyle: { width: one.kind === "dashed" ? 1.5 : 2.5, type: one.kind === "dashed" ? "dashed" : "solid", color: shade },
      itemStyle: { color: shade, borderRadius: isBar ? [3, 3, 0, 0] : 0 },
      areaStyle: one.fill ? { color: shade, opacity: 0.15 } : undefined,
    };
  }

  function options(data) {
    const soft = colour("--soft"), line = colour("--line");
    const font = { color: soft, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
    return {
      animation: false, textStyle: font,
      grid: { left: 4, right: 12, top: 10, bottom: 4, containLabel: true },
      xAxis: { type: "category", data: data.x, boundaryGap: data.series.some((one) => one.kind === "bar"),
        axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { ...font, hideOverlap: true } },
      yAxis: { type: "value", minInterval: 1, min: 0, splitLine: { lineStyle: { color: line } }, axisLabel: font,
        max: data.max === undefined ? null : data.max },
      series: data.series.map(series),
    };
  }

  function draw() {
    for (const { chart, data } of charts) chart.setOption(options(data), true);
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      place.classList.add("drawn");
      const data = JSON.parse(place.dataset.chart);
      charts.push({ chart: window.echarts.init(place), data });
    }
    draw();
    const resize = () => charts.forEach(({ chart }) => chart.resize());
    dark.addEventListener("change", draw);
    paper.addEventListener("change", () => { draw(); resize(); });
    new ResizeObserver(resize).observe(document.body);
  });
})();
