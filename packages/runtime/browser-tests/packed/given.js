// What the guides' examples take for granted. A canvas stands for the video: it shows faces that are known.
const image = new Image();
image.src = "scene.png";
await image.decode();

export const video = document.createElement("canvas");
video.width = image.width;
video.height = image.height;
video.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0);

export const pixels = new Uint8Array(48 * 48).fill(99);
