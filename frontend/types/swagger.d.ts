/** What of Swagger UI the page uses; api.html loads its script before ours. */

export {};

declare global {
  interface Window {
    SwaggerUIBundle(options: {
      url: string;
      dom_id: string;
      defaultModelsExpandDepth: number;
      validatorUrl: string | null;
    }): void;
  }
}
