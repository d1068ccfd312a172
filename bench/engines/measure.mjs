/** Frames per second of an engine on one input over a window of time. */
export async function measure(engine, input, batch, milliseconds) {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    // Asking the clock each time would cost as much as a small network's thousandth part.
    for (let i = 0; i < 8; i++) await engine.run(input);
    runs += 8;
    elapsed = performance.now() - start;
  }
  return (1000 * runs * batch) / elapsed;
}
