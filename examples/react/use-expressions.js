// A hook that follows the faces in a video element.
//   const faces = useExpressions(videoRef);
//   return faces.map(({ id, label }) => <p key={id}>{label}</p>);
import { createWorkerRecognizer } from "microexpnet";
import { useEffect, useState } from "react";

export function useExpressions(videoRef, options = { smoothing: 300 }) {
  const [faces, setFaces] = useState([]);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const follow = async () => {
      const recognizer = await createWorkerRecognizer(options);
      // The component may be gone before the recogniser is there.
      if (signal.aborted) recognizer.close();
      signal.addEventListener("abort", () => recognizer.close(), { once: true });
      while (!signal.aborted) {
        const video = videoRef.current;
        if (video?.readyState >= 2) setFaces((await recognizer.recognize(video, { signal })).faces);
        await new Promise(requestAnimationFrame);
      }
    };
    follow().catch((error) => {
      if (!signal.aborted) console.error(error);
    });
    return () => controller.abort();
    // The options are read once: a new recogniser for each render would be none at all.
  }, [videoRef]);
  return faces;
}
