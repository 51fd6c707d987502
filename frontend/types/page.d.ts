/** Shapes that scripts of the page hand to one another. */

import type { BroughtModel, Cell, Experiment, Plan, Presets, Spec, Verdicts } from "./answers";

/** What an element can hold; null, undefined and false are left out. */
export type Child = Node | string | number | false | null | undefined | readonly Child[];

/** An address, split. */
export interface Route {
  name: string;
  id: string;
  /** The sub-page; empty for the first one. */
  part: string;
  /** The run, on a page of one; else empty. */
  item: string;
}

/** What an address shows; `mount` draws it and returns what takes it down again. */
export interface Page {
  title: () => string;
  mount: (root: HTMLElement) => () => void;
  /** Show another address without being opened anew; false where the address is of another page. */
  turn?: (route: Route) => boolean;
}

/** How far a file is, in bytes; once all is sent, the share that the server has read, or null if it is not known. */
export interface UploadProgress {
  sent: number;
  size: number;
  read?: number | null;
}

/** A part of a page that draws itself again from what the page knows. */
export interface Updating {
  element: HTMLElement;
  update: () => void;
}

/** A part of a page that reads what it shows from the server. */
export interface Refreshing {
  element: HTMLElement;
  refresh: () => void;
}

/** A figure: told of news it waits its turn, told of a choice it does not. */
export interface Choosable extends Refreshing {
  choose: () => void;
}

/** What the page of an experiment knows. */
export interface ExperimentStore {
  experiment: Experiment;
  cells: Cell[];
  answers: Verdicts | null;
  /** The scenario whose verdict is shown; empty for the one that decides. */
  shown: string;
  numWorkers: number | null;
  connection: "live" | "polling" | "lost";
}

/** Texts of the settings as written, by their names. */
export type SettingTexts = Record<string, string | undefined>;

/** What was set of a plan by hand. */
export interface OwnSettings {
  texts: SettingTexts;
  arms?: string[];
  measures?: string[];
  scenarios?: string[];
  /** What all of these come to in a request. */
  values?: Record<string, unknown>;
  /** Names of the folds that are open. */
  opened: Set<string>;
  /** Every arm has a grid of its own. */
  hasOwnGrids?: boolean;
  /** The models of the operator's that workers hold. */
  models?: BroughtModel[];
}

/** The experiment that a plan was cloned from. */
export interface CloneOrigin {
  id: string;
  name: string;
  spec: Spec;
  /** What of its definition no field of the form holds. */
  kept: Record<string, unknown>;
}

/** What was chosen of a plan. */
export interface PlanChoices {
  preset: string;
  /** What it starts from: a recipe, or one's own settings. */
  start: string;
  own: OwnSettings;
  /** As written. */
  budget: { hours?: string; money?: string };
  plan: Plan | null;
  presets: Presets | null;
  /** Where the whole plan comes from, instead of a starting point and a preset. */
  clone?: CloneOrigin;
}

/** What the figures show at present, for what stands below them. */
export interface ShownRuns {
  /** The LR of each arm. */
  lrs: () => Record<string, number>;
  scenario: () => string;
  /** Called when another scenario or another LR is shown. */
  onLr: (listener: () => void) => void;
}
