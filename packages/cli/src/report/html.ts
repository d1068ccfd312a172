/** Makes any text safe between tags and inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Light by default, dark where the reader's system is, and always light on paper. */
const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2126; --soft: #5c6670; --line: #d9dee3; --box: #f4f6f8; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14181c; --ink: #e6eaee; --soft: #9aa5b1; --line: #343c45; --box: #1d2329; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.25rem; margin: 0 0 .5rem; }
header { margin-bottom: 2rem; }
header p { margin: .4rem 0 0; color: var(--soft); }
section { margin: 0 0 2.25rem; }
p { max-width: 44rem; white-space: pre-line; overflow-wrap: anywhere; }
figure { margin: 0; }
figcaption, caption { color: var(--soft); font-size: .9rem; text-align: left; padding: .35rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { max-width: 100%; height: auto; color: var(--ink); display: block; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto;
  font: .88rem/1.5 ui-monospace, Consolas, monospace; margin: 0; }
.faces { display: flex; flex-wrap: wrap; gap: 1rem; }
.face { width: 7.5rem; }
.face img { width: 100%; display: block; border-radius: 4px; }
.face figcaption { overflow-wrap: anywhere; line-height: 1.3; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  figure, tr, .face { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  thead { display: table-header-group; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;

/**
 * A whole page around a body that is already HTML. The policy in its head keeps a browser from fetching
 * anything, whatever the body holds.
 */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
