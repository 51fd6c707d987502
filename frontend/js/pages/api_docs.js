/** Draws the API documentation from the OpenAPI document that lies beside it: the script of api.html. */

document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);
window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#operations",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // its default sends the document to a public server
});
