import type { FilePrediction } from "./predict-files.js";

const field = (value: string | number | undefined): string => {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line a face (RFC 4180), of videos one a face and frame; a file without faces has a line of its own. */
export function predictionCsv(files: readonly FilePrediction[], labels: readonly string[]): string {
  const header = ["path", "seconds", "x", "y", "width", "height", "label", "uncertain", ...labels, "error"];
  const rows = files.flatMap(({ path, faces, frames, error }) => {
    const seen = frames ?? [{ seconds: undefined, faces }];
    const lines = seen.flatMap(({ seconds, faces }) =>
      faces.map(({ box, label, probabilities, uncertain }) => {
        const shares = labels.map((name) => probabilities[name].toFixed(4));
        return [path, seconds, ...box, label, String(uncertain), ...shares, undefined];
      }),
    );
    return lines.length > 0 ? lines : [[path, ...header.slice(2).map(() => undefined), error]];
  });
  return [header, ...rows].map((row) => row.map(field).join(",")).join("\r\n");
}
