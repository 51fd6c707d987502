/** An address that leads nowhere. */

import { ApiError } from "../base/api.js";
import { errorPage } from "./error_page.js";
import { t } from "../base/i18n.js";

export async function open() {
  return errorPage(new ApiError(404, "route.not_found", t("ui.missing.words")), () => {});
}
