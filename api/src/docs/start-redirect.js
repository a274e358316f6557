// Back from the authority. Swagger UI wants to be told by its own script; Scalar looks at this window's address.
if (window.opener?.swaggerUIRedirectOauth2) {
  const script = document.createElement('script');
  script.src = '/docs/assets/oauth2-redirect.js';
  document.body.append(script);
}
