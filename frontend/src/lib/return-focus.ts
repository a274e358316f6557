import { useEffect, useState } from "react";

import { unhide } from "./unhide";

/** Stands in what opens: gives the focus back, once that is no longer shown, to where it was when it opened. */
export function FocusReturns(): null {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After what is closing has let go of it.
      unhide();
      requestAnimationFrame(() => before instanceof HTMLElement && before.isConnected && before.focus());
    },
    [before],
  );
  return null;
}
