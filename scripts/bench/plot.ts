/** Draws how a cost grows, as SVG. */
import * as echarts from "echarts";
import type { Growth } from "./results.ts";

const SIZE = { width: 720, height: 400 };

/** That of the runner, then those beside it; they can be told apart without colours by their marks. */
const COLOURS = ["#2563eb", "#9ca3af", "#d97706"];
const MARKS = ["circle", "triangle", "rect"];

/** @returns one SVG document, on white so that it can be read on any page */
export function plot({ title, work, cost, lines }: Growth): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLOURS,
    title: { text: title, left: "center", textStyle: { fontSize: 15 } },
    legend: { show: lines.length > 1, bottom: 0, data: lines.map(({ name }) => name) },
    grid: { left: 70, right: 40, top: 50, bottom: lines.length > 1 ? 75 : 50 },
    xAxis: { type: "value", name: work, nameLocation: "middle", nameGap: 28 },
    yAxis: { type: "value", name: cost, nameLocation: "middle", nameGap: 48, min: 0 },
    series: lines.flatMap(({ name, points }, index) => [
      {
        name,
        type: "line" as const,
        symbol: MARKS[index % MARKS.length]!,
        symbolSize: 8,
        data: points.map(({ x, median }) => [x, median]),
      },
      {
        // From the lowest round to the highest.
        type: "custom" as const,
        silent: true,
        z: 1,
        itemStyle: { color: COLOURS[index % COLOURS.length]! },
        data: points.map(({ x, low, high }) => [x, low, high]),
        // The axis is to reach as far as the bars do.
        encode: { x: 0, y: [1, 2] },
        renderItem: (_: unknown, api: echarts.CustomSeriesRenderItemAPI) => {
          const [x = 0, from = 0] = api.coord([api.value(0), api.value(1)]);
          const [, to = 0] = api.coord([api.value(0), api.value(2)]);
          return {
            type: "line" as const,
            shape: { x1: x, y1: from, x2: x, y2: to },
            style: { stroke: COLOURS[index % COLOURS.length]!, lineWidth: 1.5 },
          };
        },
      },
    ]),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
