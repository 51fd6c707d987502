/** How a choice of a family names a brought model. */

/** @import { Spec } from "../../../types/answers.js" */

/** The family of the operator's own models; a choice names one as `brought:NAME`, like a request. */
export const BROUGHT = "brought";

/** The model that a choice of a family names; null for a built-in one. @param {string} choice */
export const networkOf = (choice) => (choice.startsWith(`${BROUGHT}:`) ? choice.slice(BROUGHT.length + 1) : null);

/** The choice of a family that stands for a model. @param {Spec["model"]} model */
export const choiceOf = (model) => ("network" in model ? `${BROUGHT}:${model.network}` : model.family);
