/** The order of a list: one choice stands for what is sorted by and its direction. */

import { t } from "../base/i18n.js";

/** @import { View } from "./address.js" */
/** @import { Choice } from "./filters.js" */

/**
 * @param {Record<string, string>} orders by the name of their text; the first is the server's own
 * @returns {Choice}
 */
export const orderChoice = (orders) => ({
  name: "order",
  label: t("ui.list.order"),
  options: Object.entries(orders).map(([name, value]) => [value, t(`ui.list.order.${name}`)]),
});

/** What is chosen, as the server takes it. @param {View} change @returns {View} */
export function ordered(change) {
  if (!("order" in change)) return change;
  const [sort = "", order = ""] = change.order.split("/");
  return { sort, order };
}

/** What the server is asked, as it is chosen. @param {View} view @returns {View} */
export const withOrder = (view) => (view.sort ? { ...view, order: `${view.sort}/${view.order ?? "asc"}` } : view);
