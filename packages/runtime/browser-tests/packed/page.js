import { drawGreyView } from "microexpnet";
import { video } from "./given.js";

const output = document.querySelector("output");

const { data, width, height } = video.getContext("2d").getImageData(0, 0, video.width, video.height);
const views = await (await fetch("views.json")).json();
const inputs = views.map((view) => {
  const target = new Uint8Array(84 * 84);
  drawGreyView({ data, width, height, channels: 4 }, view, target, 84, 84);
  return Array.from(target);
});
output.setAttribute("data-views", JSON.stringify(inputs));

await import("./examples.js");
output.setAttribute("data-examples", "done");
output.textContent = "done";
