/**
 * Shows the page again to screen readers when no dialog is open. An open dialog hides everything else from them, and one
 * that goes away with its screen, as when the browser goes back, leaves it so.
 */
export function unhide(): void {
  requestAnimationFrame(() => {
    if (document.querySelector('[aria-modal="true"]') !== null) return;
    for (const element of document.body.children) element.removeAttribute("aria-hidden");
  });
}
