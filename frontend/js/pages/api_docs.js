/** Draws the API documentation from the OpenAPI document that lies beside it: the script of api.html. */

import { followOtherTabs } from "../viewer/preferences.js";
import { onTheme, shownTheme } from "../viewer/theme.js";

const colour = () => document.documentElement.classList.toggle("dark-mode", shownTheme() === "dark");
followOtherTabs();
onTheme(colour);
colour();
window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#operations",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // its default sends the document to a public server
});
