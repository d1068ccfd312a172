import { parentPort } from "node:worker_threads";
import { createAnswer } from "../answer.js";

const answer = createAnswer();
parentPort?.on("message", (request) => {
  const reply = answer(request);
  const transfer = "scores" in reply && reply.scores ? [reply.scores.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(reply, transfer);
});
