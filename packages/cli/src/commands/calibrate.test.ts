import { join } from "node:path";
import { loadClassifier } from "microexpnet";
import { expect, it } from "vitest";
import { brightnessModel, putModel } from "../../test/models.js";
import { putPicture, temporaryFolder } from "../../test/pictures.js";
import { lastLine, runCommand } from "../../test/run-command.js";

const folder = temporaryFolder();

it("fits temperature, threshold and prior to images, in the model's own order of classes", async () => {
  process.env["XDG_CACHE_HOME"] = join(folder, "cache");
  const model = await putModel(join(folder, "model.safetensors"), brightnessModel(["sadness", "happy"]));
  const faces = join(folder, "faces");
  // Of the four bright ones three are happy, and so are none of the four black ones.
  for (const [label, greys] of Object.entries({ happiness: [200, 210, 220], sad: [0, 0, 0, 0, 230] })) {
    for (const [i, grey] of greys.entries()) await putPicture(join(faces, label, `${i}.png`), grey);
  }
  const out = join(folder, "calibrated.safetensors");
  const run = await runCommand("calibrate", model, "--data", `folder:${faces}`, "--out", out, "--json");
  expect(run.code).toBe(0);
  const { count, calibration } = JSON.parse(run.stdout);
  expect(count).toBe(8);
  const classifier = await loadClassifier(out);
  expect(classifier.model.calibration).toEqual(calibration);
  const seen = [200, 210, 220, 0, 0, 0, 0, 230].map((grey) => {
    const pixels = new Uint8Array(classifier.inputShape[0] * classifier.inputShape[1]).fill(grey);
    return [...classifier.probabilities(pixels)];
  });
  for (const [c, share] of calibration.prior.entries()) {
    expect(share).toBeCloseTo(
      seen.reduce((sum, row) => sum + row[c] / 8, 0),
      5,
    );
  }
  expect(calibration.temperature).toBeGreaterThan(0);

  const other = await runCommand("calibrate", model, "--data", "synthetic:subjects=4,images=8", "--out", out);
  expect([other.code, lastLine(other)]).toEqual([
    1,
    expect.stringMatching(/^The model lacks .* of the data/),
  ]);
});
