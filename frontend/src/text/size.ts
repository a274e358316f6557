const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Writes a number of bytes in the unit that fits, as a language does: `300 kB`. */
export function sizeIn(language: string): (bytes: number) => string {
  const formats = UNITS.map(
    (unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: 1 }),
  );
  return (bytes) => {
    const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
    return formats[unit]?.format(bytes / 1000 ** unit) ?? String(bytes);
  };
}
