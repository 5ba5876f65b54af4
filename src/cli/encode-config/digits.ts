/** What a number loses when it is read: JavaScript and Lua keep some 16 digits of it. */

/** A number of YAML as JSON writes it, digit for digit where JSON knows the notation. Undefined for `.inf` and `.nan`. */
export function jsonNumber(source: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  const plain = source.replace(/^\+/, "");
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(plain)) return plain;
  // Octal and hexadecimal integers may be longer than what a number holds exactly.
  if (/^0[ox]/.test(plain)) return String(BigInt(plain));
  const [, sign = "", whole = "", fraction = "", exponent = ""] =
    /^(-?)0*(\d*)\.?(\d*)((?:[eE][-+]?\d+)?)$/.exec(plain) ?? [];
  return `${sign}${whole || "0"}${fraction && `.${fraction}`}${exponent}`;
}

/** @param number as JSON writes it */
export function losesDigits(number: string): boolean {
  return decimal(number) !== decimal(String(Number(number)));
}

/** Two numbers are the same when this is. */
function decimal(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
