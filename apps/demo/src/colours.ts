/** Told apart with common colour blindness (Okabe & Ito 2008), and by their dashes besides. */
const colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a7d00", "#7f7f7f"];
const dashes = [[], [6, 3], [2, 3], [10, 3, 2, 3]];

export const colourOf = (index: number): string => colours[index % colours.length];

export const dashOf = (index: number): number[] => dashes[index % dashes.length];
