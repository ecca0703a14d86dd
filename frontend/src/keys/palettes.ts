/** Colours of labels that people with other eyes can tell apart. A palette changes what a person sees, and nothing that is stored. */

export const PALETTES = ["campaign", "okabe-ito", "tol-bright", "tol-muted", "high-contrast"] as const;
export type Palette = (typeof PALETTES)[number];

/** Okabe and Ito 2008, without its black; Tol 2021 (bright, muted, high contrast with its lighter and darker halves). */
const COLORS: Readonly<Record<Exclude<Palette, "campaign">, readonly string[]>> = {
  "okabe-ito": ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"],
  "tol-bright": ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb"],
  "tol-muted": ["#cc6677", "#332288", "#ddcc77", "#117733", "#88ccee", "#882255", "#44aa99", "#999933", "#aa4499"],
  "high-contrast": ["#ddaa33", "#bb5566", "#004488", "#eecc66", "#ee99aa", "#6699cc"],
};

export function isPalette(name: unknown): name is Palette {
  return PALETTES.some((palette) => palette === name);
}

/** The colours that a palette shows as a sample; none of its own for the campaign's. */
export function colorsOf(palette: Palette): readonly string[] {
  return palette === "campaign" ? [] : COLORS[palette];
}

/** Labels in the colours of a palette, by their place in the campaign, so that a label keeps its colour from image to image. */
export function recolored<T extends { readonly color: string }>(labels: readonly T[], palette: Palette): readonly T[] {
  const colors = colorsOf(palette);
  return colors.length === 0 ? labels : labels.map((label, at) => ({ ...label, color: colors[at % colors.length] ?? label.color }));
}
