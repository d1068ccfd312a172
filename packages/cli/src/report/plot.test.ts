import { expect, it } from "vitest";
import { drawVega } from "./plot.js";

it("fails rather than giving half a picture", async () => {
  // The label transform cannot keep clear of drawn marks without a canvas; Vega would only log that.
  const broken = drawVega({
    width: 50,
    height: 50,
    data: [{ name: "points", values: [{ x: 1 }] }],
    marks: [
      { type: "symbol", name: "dots", from: { data: "points" } },
      {
        type: "text",
        from: { data: "dots" },
        encode: { enter: { text: { value: "a" } } },
        transform: [{ type: "label", size: [50, 50] }],
      },
    ],
  });
  await expect(broken).rejects.toThrow();
});
