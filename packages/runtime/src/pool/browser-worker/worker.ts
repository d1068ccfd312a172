import { createAnswer } from "../answer.js";

const answer = createAnswer();
addEventListener("message", ({ data }) => {
  const reply = answer(data);
  const transfer = "scores" in reply && reply.scores ? [reply.scores.buffer as ArrayBuffer] : [];
  postMessage(reply, { transfer });
});
