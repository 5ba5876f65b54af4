/** Finds card numbers and e-mail addresses in text, in time proportional to it. */

export type Sensitive = "card" | "email";

/** Where something begins and ends in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function findSensitive(kind: Sensitive, text: string): Span[] {
  return kind === "card" ? findCards(text) : findEmails(text);
}

/** The part of it that says which card it is: its digits. */
export function essenceOf(kind: Sensitive, text: string): string {
  return kind === "card" ? text.replaceAll(/[ -]/g, "") : text;
}

const MIN_CARD_DIGITS = 13;
const MAX_CARD_DIGITS = 19;

/**
 * Whole groups of digits, with one space or dash between each two, that have together 13 to 19 digits and the right
 * check digit. What stands in the midst of a longer group is no card number.
 */
function findCards(text: string): Span[] {
  if (text.length < MIN_CARD_DIGITS) return [];
  const cards: Span[] = [];
  let groups: Span[] = [];
  for (const { 0: digits, index } of text.matchAll(/[0-9]+/g)) {
    const previous = groups.at(-1)?.end;
    const isNext = previous === index - 1 && /[ -]/.test(text.charAt(previous));
    if (!isNext) {
      cards.push(...cardsAmong(text, groups));
      groups = [];
    }
    groups.push({ start: index, end: index + digits.length });
  }
  return [...cards, ...cardsAmong(text, groups)];
}

function cardsAmong(text: string, groups: readonly Span[]): Span[] {
  const cards: Span[] = [];
  for (let first = 0; first < groups.length; first++) {
    const last = lastGroupOfCard(text, groups, first);
    const [start, end] = [groups[first]?.start, groups[last]?.end];
    if (start === undefined || end === undefined) continue;
    cards.push({ start, end });
    first = last;
  }
  return cards;
}

/** Which group is the last of the longest card number that begins with this one; -1: none begins here. */
function lastGroupOfCard(text: string, groups: readonly Span[], first: number): number {
  let digits = "";
  let found = -1;
  for (let last = first; last < groups.length; last++) {
    const group = groups[last];
    digits += text.slice(group?.start, group?.end);
    if (digits.length > MAX_CARD_DIGITS) break;
    if (digits.length >= MIN_CARD_DIGITS && hasCheckDigit(digits)) found = last;
  }
  return found;
}

/** Luhn's check, ISO/IEC 7812-1. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** What may stand before the @ without quotes (RFC 5321, RFC 6531). */
const LOCAL_CHARACTER = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
// One class without groups: the engine gives up on those where the text is very long.
const DOMAIN_CHARACTERS = /[\p{L}\p{M}\p{N}.-]*/uy;

function findEmails(text: string): Span[] {
  const emails: Span[] = [];
  let searched = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > searched) {
      const size = isLowSurrogate(text.charCodeAt(start - 1)) ? 2 : 1;
      if (!LOCAL_CHARACTER.test(text.slice(start - size, start))) break;
      start -= size;
    }
    const domain = domainAt(text, at + 1);
    if (start === at || domain === undefined) continue;
    searched = at + 1 + domain.length;
    emails.push({ start, end: searched });
  }
  return emails;
}

/** At least two labels with a dot between them; a dot that ends the sentence is none of it. */
function domainAt(text: string, at: number): string | undefined {
  DOMAIN_CHARACTERS.lastIndex = at;
  const [characters = ""] = DOMAIN_CHARACTERS.exec(text) ?? [];
  const [labels = ""] = characters.split("..", 1);
  const domain = labels.endsWith(".") ? labels.slice(0, -1) : labels;
  return domain.indexOf(".") > 0 ? domain : undefined;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
