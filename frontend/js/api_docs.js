/** Draws the API documentation from the OpenAPI document that lies beside it. */

const { SwaggerUIBundle } = /** @type {any} */ (window);

document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#operations",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // its default sends the document to a public server
});
