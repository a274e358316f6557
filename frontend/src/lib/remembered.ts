/** A choice that this browser keeps; storage may be forbidden, and then nothing is kept. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`tenantry.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`tenantry.${name}`, value);
  } catch {
    // The choice lasts as long as the page then.
  }
}
