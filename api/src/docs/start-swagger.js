// Shows the document, signs in with PKCE, and asks nobody but this service and the authority.
const { clientId, scope, redirectUrl } = document.currentScript.dataset;
const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelExpandDepth: 3,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  oauth2RedirectUrl: redirectUrl,
  validatorUrl: null,
});
ui.initOAuth({ clientId, scopes: [scope], usePkceWithAuthorizationCodeGrant: true });
