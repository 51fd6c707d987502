/** What of plotly.js the page uses; the script is loaded when the first figure comes into view. */

export interface PlotlyLibrary {
  react(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  purge(element: HTMLElement): void;
  register(module: object): void;
}

declare global {
  interface Window {
    Plotly?: PlotlyLibrary;
  }
}
