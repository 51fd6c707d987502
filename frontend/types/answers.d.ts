/** What the server answers, by the names that the scripts use. The shapes come from api.d.ts, which is generated. */

import type * as api from "./api";

/** An answer has a value for every field, also for those that a request may leave out. */
type Filled<T> = T extends object ? { [Key in keyof T]-?: Filled<Exclude<T[Key], undefined>> } : T;

export type ArmVerdict = Filled<api.ArmVerdict>;
export type AxisVerdict = Filled<api.AxisVerdict>;
export type Budget = Filled<api.Budget>;
export type Cell = Filled<api.CellView>;
export type ClassCount = Filled<api.ClassCount>;
export type Column = Filled<api.ColumnProfile>;
export type CoordinateCheck = Filled<api.CoordinateCheck>;
export type Dataset = Filled<api.DatasetView>;
export type DataWarning = Filled<api.DataWarning>;
export type Decision = Filled<api.Decision>;
export type Deciding = Filled<api.Deciding>;
export type Estimate = Filled<api.Estimate>;
export type Example = Filled<api.ExampleView>;
export type Expense = Filled<api.Expense>;
export type Experiment = Filled<api.ExperimentView>;
export type ExperimentItem = Filled<api.ExperimentItem>;
export type ExperimentPage = Filled<api.ExperimentPage>;
export type FieldStatistics = Filled<api.FieldStatistics>;
export type FigureMeta = Filled<api.FigureMeta>;
export type FigureReply = Filled<api.FigureReply>;
export type FigureTableReply = Filled<api.FigureTableReply>;
export type Gain = Filled<api.Gain>;
export type ImageSample = Filled<api.ImageSample>;
export type Interval = Filled<api.Interval>;
export type KindLimits = Filled<api.KindLimits>;
export type LossStatistics = Filled<api.LossStatistics>;
export type Options = Filled<api.OptionsView>;
export type Outlay = Filled<api.OutlayView>;
export type Outlook = Filled<api.Outlook>;
export type OverallVerdict = Filled<api.OverallVerdict>;
export type PartSlope = Filled<api.PartSlope>;
export type FittedColumn = Filled<api.FittedColumn>;
export type Preprocessing = Filled<api.Preprocessing>;
export type Plan = Filled<api.PlanView>;
export type Preset = Filled<api.PresetView>;
export type Presets = Filled<api.PresetsView>;
export type Progress = Filled<api.ProgressView>;
export type Queue = Filled<api.QueueView>;
export type Ranges = Filled<api.Ranges>;
export type Reason = Filled<api.Reason>;
export type Recommendation = Filled<api.Recommendation>;
export type RolloutStep = Filled<api.RolloutStep>;
export type Run = Filled<api.RunView>;
export type Samples = Filled<api.SamplesView>;
export type Savings = Filled<api.Savings>;
export type ScenarioAnswer = Filled<api.ScenarioAnswer>;
export type Setting = Filled<api.Setting>;
export type SettleOffer = Filled<api.SettleView>;
export type Shape = Filled<api.DatasetShape>;
export type SizeStatistics = Filled<api.SizeStatistics>;
export type Spec = Filled<api.ExperimentSpec>;
export type Tag = Filled<api.TagView>;
export type Tensor = Filled<api.TensorView>;
export type Thresholds = Filled<api.Thresholds>;
export type Upload = Filled<api.UploadView>;
export type Usage = Filled<api.UsageView>;
export type Verdict = Filled<api.Verdict>;
export type Verdicts = Filled<api.VerdictsView>;
export type Worker = Filled<api.WorkerView>;
/** What an error tells beside its message. */
export type ErrorParams = Filled<api.ErrorDetail>["params"];
