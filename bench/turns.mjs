/**
 * Frames per second of engines in processes of their own, taking turns so that what disturbs the machine disturbs all
 * alike: a list of rates for each engine, one a round. Each runs for `warmUp` milliseconds first.
 */
export async function takeTurns(engines, { rounds, milliseconds, warmUp }) {
  for (const engine of engines) await engine.ask({ milliseconds: warmUp });
  const rates = engines.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, engine] of engines.entries()) {
      rates[i].push((await engine.ask({ milliseconds })).framesPerSecond);
    }
  }
  return rates;
}
