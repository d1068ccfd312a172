/** JSON from files that anyone may have made, and JSON whose text depends on the content alone. */

/** Deeper values overflow the stack of whoever walks them; no file of ours nests by more than ten. */
const deepest = 100;

/** How deep arrays and objects nest in a JSON text. Walks the text, as walking the value would recurse. */
function nesting(text: string): number {
  let depth = 0;
  let most = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === "\\") i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") most = Math.max(most, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return most;
}

/**
 * Parses JSON that is not to be trusted.
 *
 * @throws SyntaxError whose message is the end of a sentence: "is not JSON", "nests too deeply" or
 * "uses the name __proto__".
 */
export function parseUntrustedJson(text: string): unknown {
  if (nesting(text) > deepest) throw new SyntaxError("nests too deeply");
  let reserved = false;
  let value: unknown;
  try {
    value = JSON.parse(text, (key, inner) => {
      if (key === "__proto__") reserved = true;
      return inner;
    });
  } catch {
    throw new SyntaxError("is not JSON");
  }
  if (reserved) throw new SyntaxError("uses the name __proto__");
  return value;
}

/** JSON with the keys of every object sorted, so that equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    isRecord(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** Whether a value is an object with named members, not an array and not null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A name or value for a message: quoted, and short whatever the file holds. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
