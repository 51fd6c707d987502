/** What of plotly.js the page uses; the script is loaded when the first figure comes into view. */

export interface PlotPoint {
  pointNumber: number;
  data: { meta?: { run: string; seeds: number[] }; x?: (number | null)[] };
}

/** An element that Plotly has drawn in. */
export interface PlotElement extends HTMLElement {
  on(event: "plotly_relayout", listener: (change: Record<string, unknown>) => void): void;
  on(event: "plotly_doubleclick", listener: () => void): void;
  on(event: "plotly_click", listener: (event: { points?: PlotPoint[] }) => void): void;
}

export interface PlotlyLibrary {
  react(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  purge(element: HTMLElement): void;
  register(module: object): void;
  toImage(
    figure: { data: object[]; layout: object; config: object },
    options: { format: "png" | "svg"; width: number; height: number; scale: number },
  ): Promise<string>;
}

declare global {
  interface Window {
    Plotly?: PlotlyLibrary;
  }
}
