import { useEffect, useState } from "react";

/** Gives the focus back to where it was when this was first shown, once it is no longer shown. */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After what is closing has let go of it.
      requestAnimationFrame(() => before instanceof HTMLElement && before.isConnected && before.focus());
    },
    [before],
  );
}
