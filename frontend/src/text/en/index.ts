import { apiKeys } from "./api-keys";
import { connections } from "./connections";
import { organization } from "./organization";
import { operator } from "./operator";
import { sharepoint } from "./sharepoint";
import { shell } from "./shell";

/** The words of the console in English; `../it` has the same in Italian, which the compiler holds it to. */
export const text = { ...shell, ...organization, sharepoint, apiKeys, connections, operator } as const satisfies Texts;

type Text = string | ((...words: never[]) => string);
interface Texts {
  readonly [key: string]: Text | Texts;
}

/** The same keys with other words. */
export type Translation<T = typeof text> = {
  readonly [K in keyof T]: T[K] extends string ? string : T[K] extends (...words: infer A) => string ? (...words: A) => string : Translation<T[K]>;
};
