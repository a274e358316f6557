// Shows the document to be read. Everything that would ask its maker's servers is switched off; the page's policy
// would stop it, but noisily.
const { clientId, scope, redirectUrl } = document.currentScript.dataset;
Scalar.createApiReference('#page', {
  url: '/openapi.json',
  authentication: {
    preferredSecurityScheme: 'token',
    securitySchemes: {
      entra: {
        flows: {
          authorizationCode: {
            'x-scalar-client-id': clientId,
            'x-usePkce': 'SHA-256',
            'x-scalar-redirect-uri': redirectUrl,
            selectedScopes: [scope],
          },
        },
      },
    },
  },
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  telemetry: false,
  withDefaultFonts: false,
  defaultOpenFirstTag: false,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  documentDownloadType: 'direct',
  externalUrls: { dashboardUrl: '', registryUrl: '', proxyUrl: '', apiBaseUrl: '' },
});
