// Says what the faces in pictures show.
//   npm install microexpnet sharp
//   node recognize.mjs photo.jpg ...
import { createRecognizer } from "microexpnet";

const recognizer = await createRecognizer({ levels: 2 });
for (const path of process.argv.slice(2)) {
  const { faces } = await recognizer.recognize(path);
  for (const { box, label, probabilities, uncertain } of faces) {
    const share = `${Math.round(100 * probabilities[label])} %`;
    console.log(path, box.map(Math.round).join(","), label, share, uncertain ? "uncertain" : "");
  }
  if (faces.length === 0) console.log(path, "no face");
}
