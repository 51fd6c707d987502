/** How a choice of a family names a brought model. */

/** @import { Spec } from "../../../types/answers.js" */

/** The family of the operator's own models; a choice names one as `brought:NAME`, like a request. */
export const BROUGHT = "brought";
/** The family of the same models with adapters, whose sizes are ranks: `adapted:NAME`. */
export const ADAPTED = "adapted";

const OWN = [BROUGHT, ADAPTED];

/** The family that a choice belongs to. @param {string} choice */
export const familyOf = (choice) => OWN.find((family) => choice.startsWith(`${family}:`)) ?? choice;

/** The model that a choice of a family names; null for a built-in one. @param {string} choice */
export const networkOf = (choice) => (choice.includes(":") ? choice.slice(familyOf(choice).length + 1) : null);

/** The choice of a family that stands for a model. @param {Spec["model"]} model */
export const choiceOf = (model) => ("network" in model ? `${model.family}:${model.network}` : model.family);
