import { createWorkerRecognizer, type Recognition, type Recognizer } from "microexpnet";
import { type OfferedModel, offeredModels, openedModel } from "./models.js";
import { drawOverlay } from "./overlay.js";
import { Results } from "./results.js";
import { Timeline } from "./timeline.js";

const find = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const video = find<HTMLVideoElement>("video");
const picture = find<HTMLCanvasElement>("picture");
const overlay = find<HTMLCanvasElement>("overlay");
const stage = find("stage");
const stopButton = find<HTMLButtonElement>("stop");
const exportButton = find<HTMLButtonElement>("export");
const modelChoice = find<HTMLSelectElement>("model");
const faceChoice = find<HTMLSelectElement>("faces");
const timeline = new Timeline(find<HTMLCanvasElement>("timeline"), find("legend"));
const results = new Results(find("results"), find("announcer"));

/** Half-life in milliseconds of the smoothing over a video. */
const smoothing = 300;
/** Longest side of a picture that is looked at; larger ones are made smaller. */
const longestSide = 2048;

const models: OfferedModel[] = [...offeredModels];
let following: Recognizer | undefined;
let still: Recognizer | undefined;
/** Counts the models that were asked for, so that one that loads slowly does not take the place of a later one. */
let loads = 0;
/** Name of the last picture that was shown. */
let pictureName = "";
/** Stops what is shown now: the loop over a video's frames, or the pictures at hand. */
let running = new AbortController();

const say = (text: string) => {
  find("status").textContent = text;
};

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function fillModels(chosen: number): void {
  modelChoice.replaceChildren(
    ...models.map(({ name }, index) => new Option(name, String(index), false, index === chosen)),
  );
}

/**
 * Loads the chosen model, which then goes on with what is shown; on failure tries no other and says why.
 *
 * @returns whether there is a model to work with, or will be because another was chosen meanwhile
 */
async function loadModel(): Promise<boolean> {
  const { address, accuracy, name } = models[Number(modelChoice.value)];
  const maxFaces = Number(faceChoice.value);
  const load = ++loads;
  say(`Loading the model ${name}.`);
  for (const old of [following, still]) old?.close();
  following = still = undefined;
  clearOverlay();
  find("accuracy").textContent = accuracy;
  let loaded: Recognizer[];
  try {
    loaded = await Promise.all([
      createWorkerRecognizer({ model: address, maxFaces, smoothing }),
      createWorkerRecognizer({ model: address, maxFaces, levels: 2 }),
    ]);
  } catch (error) {
    if (load !== loads) return true;
    say(`The model ${name} cannot be used: ${sentence(error)}`);
    return false;
  }
  if (load !== loads) {
    for (const late of loaded) late.close();
    return true;
  }
  [following, still] = loaded;
  timeline.start(following.labels);
  results.start(following.labels);
  say(video.hidden ? "Ready." : "Running.");
  const { signal } = running;
  await answerPicture(signal).catch((error) => {
    if (!signal.aborted) say(sentence(error));
  });
  return true;
}

function clearOverlay(): void {
  overlay.getContext("2d")?.clearRect(0, 0, overlay.width, overlay.height);
}

/** What a recogniser says, or nothing where it was closed meanwhile because another model was chosen. */
async function answer(
  recognizer: Recognizer,
  image: HTMLVideoElement | HTMLCanvasElement,
  signal: AbortSignal,
): Promise<Recognition | undefined> {
  try {
    return await recognizer.recognize(image, { signal });
  } catch (error) {
    if (recognizer === following || recognizer === still) throw error;
    return undefined;
  }
}

/** Shows milliseconds and frames per second, smoothed so that they can be read. */
function showSpeed({ read, detect, classify }: Recognition["milliseconds"], perSecond?: number): void {
  const entries = { read, detect, classify };
  for (const [id, value] of Object.entries(entries)) find(id).textContent = `${value.toFixed(1)} ms`;
  find("rate").textContent = perSecond === undefined ? "–" : perSecond.toFixed(0);
}

function stop(): void {
  running.abort();
  running = new AbortController();
  const { srcObject } = video;
  if (srcObject instanceof MediaStream) for (const track of srcObject.getTracks()) track.stop();
  if (video.src) URL.revokeObjectURL(video.src);
  video.srcObject = null;
  video.removeAttribute("src");
  video.hidden = true;
  picture.hidden = true;
  clearOverlay();
  stopButton.disabled = true;
  find("hint").hidden = false;
  for (const { firstElementChild } of find("gallery").children) {
    if (firstElementChild instanceof HTMLImageElement) URL.revokeObjectURL(firstElementChild.src);
  }
  find("gallery").replaceChildren();
}

/** Recognises frame after frame, as many as the worker manages. */
async function follow(mirrored: boolean, signal: AbortSignal): Promise<void> {
  video.classList.toggle("mirrored", mirrored);
  video.hidden = false;
  find("hint").hidden = true;
  stopButton.disabled = false;
  following?.reset();
  let frames = 0;
  let since = performance.now();
  let perSecond: number | undefined;
  let drawnAt = 0;
  while (!signal.aborted) {
    await nextFrame();
    if (signal.aborted || !following || video.readyState < video.HAVE_CURRENT_DATA) continue;
    const recognition = await answer(following, video, signal);
    if (!recognition) continue;
    const now = performance.now();
    frames++;
    if (now - since >= 1000) {
      perSecond = (1000 * frames) / (now - since);
      frames = 0;
      since = now;
    }
    drawOverlay(overlay, recognition, mirrored);
    // By id, so that cards and chart stay with their faces when another becomes the surest.
    const faces = [...recognition.faces].sort((a, b) => a.id - b.id);
    const [first] = faces;
    if (first) timeline.add({ time: now, label: first.label, values: Object.values(first.probabilities) });
    // Bars and chart need not change faster than one can look.
    if (now - drawnAt < 100) continue;
    drawnAt = now;
    results.show(faces);
    timeline.draw(now);
    exportButton.disabled = timeline.isEmpty;
    showSpeed(recognition.milliseconds, perSecond);
  }
}

/** Waits until the video shows another frame, or for a moment where it stands still. */
const nextFrame = () =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 250);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });

async function run(mirrored: boolean, begin: (signal: AbortSignal) => Promise<void>): Promise<void> {
  stop();
  const { signal } = running;
  try {
    await begin(signal);
    if (signal.aborted) return;
    await video.play();
    say("Running.");
    await follow(mirrored, signal);
  } catch (error) {
    if (signal.aborted) return;
    say(sentence(error));
    stop();
  }
}

const startCamera = () =>
  run(true, async (signal) => {
    const constraints = {
      video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
      audio: false,
    };
    const stream = await navigator.mediaDevices.getUserMedia(constraints).catch((error) => {
      throw new Error(`The camera cannot be used (${sentence(error)}).`);
    });
    if (signal.aborted) for (const track of stream.getTracks()) track.stop();
    else video.srcObject = stream;
  });

const startVideo = (file: File) =>
  run(false, async () => {
    video.src = URL.createObjectURL(file);
    video.loop = true;
  });

/** Shows one picture of those opened. */
async function showPicture(file: File, signal: AbortSignal): Promise<void> {
  const whole = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser can read.`);
  });
  const scale = Math.min(1, longestSide / Math.max(whole.width, whole.height));
  picture.width = Math.max(1, Math.round(whole.width * scale));
  picture.height = Math.max(1, Math.round(whole.height * scale));
  picture.getContext("2d")?.drawImage(whole, 0, 0, picture.width, picture.height);
  whole.close();
  picture.hidden = false;
  find("hint").hidden = true;
  stopButton.disabled = false;
  pictureName = file.name;
  await answerPicture(signal);
}

/** Finds and classifies the faces of the picture that is shown, where one is. */
async function answerPicture(signal: AbortSignal): Promise<void> {
  if (!still || picture.hidden) return;
  clearOverlay();
  const name = pictureName;
  const recognition = await answer(still, picture, signal);
  if (!recognition || name !== pictureName) return;
  drawOverlay(overlay, recognition, false);
  results.show(recognition.faces);
  showSpeed(recognition.milliseconds);
  const { length } = recognition.faces;
  say(
    `${name}: ${length === 0 ? "no face was" : length === 1 ? "one face was" : `${length} faces were`} found.`,
  );
}

async function openPictures(files: readonly File[]): Promise<void> {
  stop();
  const { signal } = running;
  const show = (file: File) =>
    showPicture(file, signal).catch((error) => {
      if (!signal.aborted) say(sentence(error));
    });
  if (files.length > 1) {
    const buttons = files.map((file) => {
      const image = new Image();
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      const button = document.createElement("button");
      button.type = "button";
      // A damaged picture has its name alone, and a click on it says what is wrong.
      image.addEventListener("error", () => image.replaceWith(file.name));
      button.append(image);
      button.addEventListener("click", () => show(file));
      return button;
    });
    find("gallery").replaceChildren(...buttons);
  }
  await show(files[0]);
}

function openFiles(list: FileList | null | undefined): void {
  const files = [...(list ?? [])];
  const film = files.find(({ type }) => type.startsWith("video/"));
  const pictures = files.filter(({ type }) => type.startsWith("image/"));
  if (film) void startVideo(film);
  else if (pictures.length > 0) void openPictures(pictures);
  else if (files.length > 0) say(`${files[0].name} is neither a picture nor a video.`);
}

find("camera").addEventListener("click", () => void startCamera());
stopButton.addEventListener("click", () => {
  stop();
  say("Stopped.");
});
find<HTMLInputElement>("files").addEventListener("change", (event) => {
  const input = event.target as HTMLInputElement;
  openFiles(input.files);
  // So that the same file can be opened again.
  input.value = "";
});
for (const kind of ["dragover", "drop"] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    stage.classList.toggle("drop", kind === "dragover");
    if (kind === "drop") openFiles(event.dataTransfer?.files);
  });
}
document.addEventListener("dragleave", () => stage.classList.remove("drop"));
for (const choice of [modelChoice, faceChoice]) choice.addEventListener("change", () => void loadModel());
find<HTMLInputElement>("model-file").addEventListener("change", async (event) => {
  const file = (event.target as HTMLInputElement).files?.[0];
  if (!file) return;
  models.push(openedModel(file));
  fillModels(models.length - 1);
  await loadModel();
});
exportButton.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([timeline.csv()], { type: "text/csv" }));
  link.download = "expressions.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

if (import.meta.env.MODE === "production" && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("./service-worker.js").catch(() => {
    // Without it the page works as well, but not offline.
  });
}

fillModels(0);
for (const index of models.keys()) {
  modelChoice.value = String(index);
  if (await loadModel()) break;
}
