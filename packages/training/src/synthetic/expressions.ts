import type { ActionUnit } from "./action-units.js";

/** The classes of the drawn faces, in their order. */
export const expressionLabels = [
  "neutral",
  "happiness",
  "surprise",
  "sadness",
  "anger",
  "disgust",
  "fear",
  "contempt",
] as const;

export type Expression = (typeof expressionLabels)[number];

export const isExpression = (label: string): label is Expression =>
  (expressionLabels as readonly string[]).includes(label);

/** One way in which an expression shows: its action units with their levels at full strength, 0..1. */
export interface ExpressionVariant {
  readonly units: Readonly<Partial<Record<ActionUnit, number>>>;
  /** Whether the action units work on one half of the face only. */
  readonly oneSided?: boolean;
}

/**
 * The action units of each expression: the prototype first, then major variants.
 *
 * Sources: the emotion prototypes and variants of Ekman, Friesen and Hager, "Facial Action Coding System:
 * Investigator's Guide" (2002), which EMFACS (Friesen and Ekman 1983) selects from; the one-sided AU12 and
 * AU14 of contempt from Ekman and Friesen, "A new pan-cultural facial expression of emotion" (1986).
 * The guide's AU11, AU16, AU22 and AU24, which are not drawn, are left out of the variants that hold them;
 * AU26 and AU27 always come with AU25, since the lips must part for the open jaw to be seen.
 * The levels are ours: they follow the guide's intensity letters where it gives one (B as 0.4, C as 0.6).
 */
export const expressionVariants: Readonly<Record<Expression, readonly ExpressionVariant[]>> = {
  neutral: [{ units: {} }],
  happiness: [
    { units: { AU6: 0.8, AU12: 0.9 } },
    { units: { AU6: 0.9, AU12: 1, AU25: 0.8 } },
    { units: { AU6: 0.9, AU12: 0.9, AU25: 0.9, AU26: 0.4 } },
    { units: { AU12: 0.7 } },
  ],
  surprise: [
    { units: { AU1: 0.9, AU2: 0.9, AU5: 0.5, AU25: 0.8, AU26: 0.8 } },
    { units: { AU1: 0.9, AU2: 0.9, AU5: 0.5, AU25: 1, AU27: 0.8 } },
    { units: { AU1: 0.9, AU2: 0.9, AU25: 0.7, AU26: 0.7 } },
    { units: { AU1: 0.9, AU2: 0.9, AU5: 0.5 } },
  ],
  sadness: [
    { units: { AU1: 0.9, AU4: 0.6, AU15: 0.7 } },
    { units: { AU1: 0.8, AU4: 0.6, AU15: 0.5, AU17: 0.7 } },
    { units: { AU6: 0.6, AU15: 0.8 } },
    { units: { AU1: 0.9, AU4: 0.7, AU15: 0.4, AU25: 0.3 } },
  ],
  anger: [
    { units: { AU4: 0.9, AU5: 0.6, AU7: 0.7, AU23: 0.8 } },
    { units: { AU4: 0.9, AU5: 0.5, AU7: 0.7, AU17: 0.6, AU23: 0.8 } },
    { units: { AU4: 0.9, AU5: 0.6, AU7: 0.7, AU10: 0.6, AU23: 0.5, AU25: 0.7, AU26: 0.4 } },
    { units: { AU4: 0.9, AU7: 0.7, AU17: 0.5, AU23: 0.7 } },
  ],
  disgust: [
    { units: { AU9: 0.9 } },
    { units: { AU9: 0.8, AU17: 0.7 } },
    { units: { AU10: 0.9, AU17: 0.6 } },
    { units: { AU9: 0.7, AU10: 0.7, AU25: 0.7, AU26: 0.4 } },
  ],
  fear: [
    { units: { AU1: 0.9, AU2: 0.5, AU4: 0.7, AU5: 0.9, AU20: 0.9, AU25: 0.7 } },
    { units: { AU1: 0.9, AU2: 0.5, AU4: 0.7, AU5: 0.9, AU20: 0.9, AU25: 0.8, AU26: 0.5 } },
    { units: { AU1: 0.9, AU2: 0.5, AU4: 0.8, AU5: 1 } },
    { units: { AU1: 0.7, AU2: 0.6, AU5: 1, AU20: 1, AU25: 0.8 } },
  ],
  contempt: [
    { units: { AU12: 0.6, AU14: 0.8 }, oneSided: true },
    { units: { AU14: 1 }, oneSided: true },
    { units: { AU12: 0.8, AU14: 0.3 }, oneSided: true },
  ],
};
