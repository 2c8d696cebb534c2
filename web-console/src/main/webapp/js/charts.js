// Plots of the last two minutes, drawn by uPlot in the colours of the page.

import uPlot from '../lib/uplot/uPlot.esm.js';
import { HISTORY_LENGTH } from './store.js';

/** How many colours there are; the style sheet has --series-1 and on for light and dark. */
export const SERIES_COLOURS = 8;
const HEIGHT = 170;
const darkScheme = matchMedia('(prefers-color-scheme: dark)');

/** A plot over time of one or more series, which may change while it is shown. */
export class TimeChart {
  #element;
  #plot = null;
  #labels = [];
  #data = [[]];
  #value;
  #maximum;
  #legend;
  #resize;
  #rebuild = () => this.#build();

  /**
   * @param element where it goes
   * @param value how a value is written at the axis
   * @param maximum smallest upper end of the axis, so that noise near zero stays flat
   * @param legend whether the names of the series are shown below, where no table beside the plot has their colours
   */
  constructor(element, value, maximum, legend = false) {
    this.#element = element;
    this.#value = value;
    this.#maximum = maximum;
    this.#legend = legend;
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(element);
    darkScheme.addEventListener('change', this.#rebuild);
  }

  /** Shows series by label; data is the times in seconds, then the values of each series, null where there is none. */
  show(labels, data) {
    this.#data = data;
    if (this.#plot === null || labels.join('\n') !== this.#labels.join('\n')) {
      this.#labels = labels;
      this.#build();
    } else {
      this.#plot.setData(data);
    }
  }

  dispose() {
    this.#resize.disconnect();
    darkScheme.removeEventListener('change', this.#rebuild);
    this.#plot?.destroy();
  }

  #fit() {
    const width = this.#element.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height: HEIGHT });
    }
  }

  #build() {
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
      font: `11px ${style.getPropertyValue('--font').trim()}`,
    };
    const options = {
      width: Math.max(200, this.#element.clientWidth),
      height: HEIGHT,
      legend: { show: this.#legend, live: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: (_, __, max) => [max - HISTORY_LENGTH, max] },
        y: { range: (_, __, max) => [0, Math.max(this.#maximum, (max ?? 0) * 1.08)] },
      },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => clock(tick)), space: 70, size: 26 },
        { ...axis, values: (_, ticks) => ticks.map((tick) => this.#value(tick)), size: 66, space: 30 },
      ],
      series: [
        {},
        ...this.#labels.map((label, i) => ({
          label,
          stroke: colour(`--series-${(i % SERIES_COLOURS) + 1}`),
          width: 1.75,
          points: { show: false },
        })),
      ],
    };
    this.#plot = new uPlot(options, this.#data, this.#element);
  }
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}
