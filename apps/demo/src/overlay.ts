import type { Recognition } from "microexpnet";

/**
 * Draws boxes and labels over the picture.
 *
 * @param mirrored whether the picture is shown as in a mirror
 */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  { width, height, faces }: Recognition,
  mirrored: boolean,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  const unit = Math.max(Math.min(width, height) / 24, 10);
  context.lineWidth = unit / 6;
  context.font = `600 ${unit}px system-ui, sans-serif`;
  for (const { id, box, label, probabilities, uncertain } of faces) {
    const left = mirrored ? width - box[0] - box[2] : box[0];
    context.strokeStyle = "#ffb300";
    context.setLineDash(uncertain ? [unit / 2, unit / 3] : []);
    context.strokeRect(left, box[1], box[2], box[3]);
    const text = `${id}  ${label} ${Math.round(100 * probabilities[label])} %`;
    const top = Math.max(box[1] - unit * 1.4, 0);
    const start = Math.min(Math.max(left, 0), Math.max(width - context.measureText(text).width - unit, 0));
    context.fillStyle = "#000a";
    context.fillRect(start, top, context.measureText(text).width + unit * 0.6, unit * 1.4);
    context.fillStyle = "#fff";
    context.fillText(text, start + unit * 0.3, top + unit * 1.05);
  }
}
