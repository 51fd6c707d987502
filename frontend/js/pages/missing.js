/** An address that leads nowhere. */

import { ApiError } from "../api.js";
import { errorPage } from "../components/error.js";
import { t } from "../i18n.js";

export async function open() {
  return errorPage(new ApiError(404, "route.not_found", t("ui.missing.words")), () => {});
}
