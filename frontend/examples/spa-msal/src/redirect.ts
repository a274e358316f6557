// Where Microsoft sends the browser back to, also in a pop-up or a hidden frame: hands the answer to the page that
// asked. It must not be served with Cross-Origin-Opener-Policy ("Set up the redirect bridge page in MSAL Browser").
import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge";

broadcastResponseToMainFrame().catch((error: unknown) => {
  document.body.textContent = `The sign-in did not come through: ${String(error)}`;
});
