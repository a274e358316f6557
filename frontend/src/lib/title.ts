import { useEffect } from "react";

import { useWords } from "../text/text";

/** What the browser calls the page, in its tabs and its history. */
export function useTitle(title: string): void {
  const { text } = useWords();
  const whole = `${title} – ${text.product}`;
  useEffect(() => {
    document.title = whole;
  }, [whole]);
}
